import LlamaStackAPI

/// One chunk of a streamed answer, for the document: ``ChunkWriter`` writes them.
struct ChatChunk: WireRecord {
    struct Choice: WireRecord {
        var index: Int
        var delta: JSONObject
        var logprobs: OrNull<ChatLogprobs>
        var finishReason: OrNull<FinishReason>

        static let object = Object(
            "OpenAIChunkChoice", isComponent: false, Self.init,
            Field("index", \.index, "Which of the answers it belongs to."),
            Field("delta", \.delta, "What is new: role, content, tool_calls, reasoning_content."),
            Field("logprobs", \.logprobs, "Of the tokens, when they were asked for."),
            Field("finish_reason", \.finishReason, "Why the answer ended; null before its last chunk."))
    }

    var id: String
    var created: Int
    var model: String
    var choices: [Choice]
    var usage: OrNull<UsageBody>?

    static let object = Object(
        "OpenAIChatChunk",
        { (id, _: ChatObject, created, model, choices, usage: OrNull<UsageBody>?) in
            ChatChunk(id: id, created: created, model: model, choices: choices, usage: usage)
        },
        Field("id", \.id, "Names the answer, the same in every chunk."),
        Field("object", \.kind, constant: .chunk, "Always chat.completion.chunk."),
        Field("created", \.created, "In seconds since 1970."),
        Field("model", \.model, "As the request names it."),
        Field("choices", \.choices, "What is new; empty in the chunk with the usage."),
        Field("usage", \.usage, "In the last chunk, with stream_options.include_usage."))

    private var kind: ChatObject { .chunk }
}

/// Writes the chunks of one answer: what all of them have is made once.
struct ChunkWriter {
    private let head: [UInt8]
    private let hasUsage: Bool

    /// - Parameters:
    ///   - object: the word for a chunk.
    ///   - hasUsage: the client wants the counts, for which every other chunk has null.
    init(id: String, object: String, created: Int, model: String, hasUsage: Bool) {
        var head = Array(#"{"id":"#.utf8)
        id.write(to: &head)
        head += #","object":"\#(object)","created":\#(created),"model":"#.utf8
        model.write(to: &head)
        (self.head, self.hasUsage) = (head, hasUsage)
    }

    /// A chunk of one answer. `write` appends the choice's members between its index and its finish reason.
    func chunk(_ index: Int, finish: FinishReason? = nil, _ write: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.count + 160)
        bytes += head
        bytes += #","choices":[{"index":"#.utf8
        bytes += String(index).utf8
        bytes.append(UInt8(ascii: ","))
        write(&bytes)
        bytes += #","finish_reason":"#.utf8
        finish.write(to: &bytes)
        bytes += (hasUsage ? #"}],"usage":null}"# : "}]}").utf8
        return bytes
    }

    /// The chunk without a choice.
    func usage(_ usage: UsageBody) -> [UInt8] {
        var bytes = head
        bytes += #","choices":[],"usage":"#.utf8
        usage.write(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
