import LlamaStackAPI

/// A whole completion, and each chunk of a streamed one.
struct CompletionAnswer: WireRecord {
    struct Choice: WireRecord {
        var text: String
        var index: Int
        var logprobs: OrNull<CompletionLogprobs>
        var finishReason: OrNull<FinishReason>

        static let object = Object(
            "OpenAICompletionChoice", isComponent: false, Self.init,
            Field("text", \.text, "The continuation, without the prompt."),
            Field("index", \.index, "Which of the answers it is, from 0."),
            Field("logprobs", \.logprobs, "Of the tokens, when they were asked for."),
            Field("finish_reason", \.finishReason, "Why it ended; null before the last chunk."))
    }

    var id: String
    var created: Int
    var model: String
    var choices: [Choice]
    var usage: OrNull<UsageBody>?

    static let object = Object(
        "OpenAICompletion",
        { (id, _: String, created, model, choices, usage: OrNull<UsageBody>?) in
            CompletionAnswer(id: id, created: created, model: model, choices: choices, usage: usage)
        },
        Field("id", \.id, "Names this answer."), Field("object", \.kind, "Always text_completion."),
        Field("created", \.created, "In seconds since 1970."), Field("model", \.model, "As the request names it."),
        Field("choices", \.choices, "The answers."),
        Field("usage", \.usage, "The tokens that the request took."))

    static let kind = "text_completion"
    private var kind: String { Self.kind }
}

/// The log probabilities of a completion: lists of equal length.
struct CompletionLogprobs: WireRecord {
    var tokens: [String]
    var values: [JSON]
    var top: [JSONObject]
    var offsets: [Int]

    static let object = Object(
        "OpenAICompletionLogprobs", isComponent: false, Self.init,
        Field("tokens", \.tokens), Field("token_logprobs", \.values), Field("top_logprobs", \.top),
        Field("text_offset", \.offsets))

    /// - Parameter offset: the characters of the text before these tokens.
    init(_ lists: [JSONObject], from offset: Int = 0) {
        (tokens, values, top, offsets) = ([], [], [], [])
        var offset = offset
        for list in lists {
            let texts = list["tokens"]?.items.map { $0.stringValue ?? "" } ?? []
            let likeliest = list["top_logprobs"]?.items ?? []
            tokens += texts
            values += list["token_logprobs"]?.items ?? []
            for (index, text) in texts.enumerated() {
                offsets.append(offset)
                offset += text.unicodeScalars.count
                var entry = JSONObject()
                for candidate in likeliest.indices.contains(index) ? likeliest[index].items : [] {
                    if let token = candidate["token"]?.stringValue { entry[token] = candidate["logprob"] }
                }
                top.append(entry)
            }
        }
    }

    private init(tokens: [String], values: [JSON], top: [JSONObject], offsets: [Int]) {
        (self.tokens, self.values, self.top, self.offsets) = (tokens, values, top, offsets)
    }
}

extension JSON {
    var items: [JSON] { if case .array(let items) = self { items } else { [] } }
}
