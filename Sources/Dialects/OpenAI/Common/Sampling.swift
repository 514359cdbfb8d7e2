import LlamaStackAPI

/// The fields of a request that say how tokens are chosen, the same for chats and completions.
struct SamplingFields: WireRecord, Hashable {
    var temperature: Double?
    var topP: Double?
    var maxTokens: Int?
    var stop: StopSequences?
    var seed: Int?
    var n: Int?
    var presencePenalty: Double?
    var frequencyPenalty: Double?
    var logitBias: [String: Double]?
    // Not OpenAI's: other servers' clients send them.
    var topK: Int?
    var minP: Double?
    var repetitionPenalty: Double?
    var ignoreEOS: Bool?
    var stream: Bool
    var streamOptions: StreamOptions?

    static let object = Object(
        "OpenAISampling", isComponent: false, Self.init,
        Field(
            "temperature", \.temperature, ifPresent: .within(0...2), schema: .number(minimum: 0, maximum: 2),
            "0 to 2, 1 when absent; 0 takes the likeliest token."),
        Field(
            "top_p", \.topP, ifPresent: .fraction, schema: .number(minimum: 0, maximum: 1), "In (0, 1]; 1 when absent."),
        Field(
            "max_tokens", \.maxTokens, ifPresent: .atLeast(1), schema: .integer(minimum: 1),
            "The most tokens to generate."),
        Field("stop", \.stop, "Up to 16 texts at which the answer ends."),
        Field("seed", \.seed, "The same seed and request give the same answer."),
        Field(
            "n", \.n, ifPresent: .within(1...GenerationOptions.answersMax),
            schema: .integer(minimum: 1, maximum: Int64(GenerationOptions.answersMax)), "How many answers to make."),
        Field(
            "presence_penalty", \.presencePenalty, ifPresent: .within(-2...2), schema: .number(minimum: -2, maximum: 2),
            "Taken from the logit of every token that the answer has."),
        Field(
            "frequency_penalty", \.frequencyPenalty, ifPresent: .within(-2...2),
            schema: .number(minimum: -2, maximum: 2), "Taken from a token's logit for each time that it came."),
        Field(
            "logit_bias", \.logitBias,
            ifPresent: Check(
                "-100 to 100 for the ids of tokens", bounds: ["propertyNames": ["pattern": "^[0-9]{1,9}$"]]
            ) { bias in
                bias.allSatisfy { (-100...100).contains($0.value) && UInt32($0.key) != nil }
            }, schema: .map(.number(minimum: -100, maximum: 100)), "Added to the logits of tokens, by their ids."),
        Field(
            "top_k", \.topK, ifPresent: .atLeast(-1), schema: .integer(minimum: -1),
            "How many of the likeliest tokens to draw from; 0 or -1: all."),
        Field(
            "min_p", \.minP, ifPresent: .within(0...1), schema: .number(minimum: 0, maximum: 1),
            "Leaves out tokens less likely than this share of the likeliest."),
        Field(
            "repetition_penalty", \.repetitionPenalty, ifPresent: .within(0.01...10),
            schema: .number(minimum: 0.01, maximum: 10), "Makes tokens of prompt and answer less likely; 1: nothing."),
        Field("ignore_eos", \.ignoreEOS, "Go on to max_tokens."),
        Field("stream", \.stream, default: false, "Answer with server-sent events."),
        Field("stream_options", \.streamOptions, "Only with stream."))

    /// The draft's parameters: with values as OpenAI's server fills them in.
    var parameters: SamplingParams {
        let temperature = temperature ?? 1
        guard temperature > 0 else { return SamplingParams() }
        return SamplingParams(temperature: temperature, strategy: .topP, topP: topP ?? 1, topK: max(0, topK ?? 0))
    }

    /// Only what changes an answer, so that a provider without an option serves requests that spell out its default.
    var options: GenerationOptions {
        var options = GenerationOptions()
        options.stop = stop.flatMap { $0.texts.isEmpty ? nil : $0.texts }
        options.seed = seed
        options.n = n.flatMap { $0 > 1 ? $0 : nil }
        options.presencePenalty = presencePenalty.flatMap { $0 == 0 ? nil : $0 }
        options.frequencyPenalty = frequencyPenalty.flatMap { $0 == 0 ? nil : $0 }
        options.logitBias = logitBias.flatMap { $0.isEmpty ? nil : $0 }
        options.minP = minP.flatMap { $0 == 0 ? nil : $0 }
        options.repetitionPenalty = repetitionPenalty.flatMap { $0 == 1 ? nil : $0 }
        options.ignoreEOS = ignoreEOS == true ? true : nil
        return options
    }

    func check() throws(DialectError) {
        guard stream || streamOptions == nil else {
            throw DialectError(.invalidRequest, "stream_options may be given only with stream", field: "stream_options")
        }
    }
}

/// The parts of a stream beside its answer that a client wants.
struct StreamOptions: WireRecord, Hashable {
    var includeUsage: Bool
    var rest: JSONObject

    init(includeUsage: Bool) { (self.includeUsage, rest) = (includeUsage, JSONObject()) }

    static let object = Object(
        "OpenAIStreamOptions", isComponent: false, rest: \Self.rest, Self.init(includeUsage:),
        Field("include_usage", \.includeUsage, default: false, "Send a chunk with the counts of tokens at the end."))
}

/// A text or several.
struct StopSequences: WireValue, Hashable {
    var texts: [String]

    /// Texts of ASCII alone may be longer in the document: there a text's length is in characters, here in bytes.
    static var schema: Schema {
        let most = GenerationOptions.stopBytesMax
        let text = Schema.string(pattern: #"^([\x00-\x7F]{1,\#(most)}|[\s\S]{1,\#(most / 4)})$"#)
        return .oneOf([text, .array(text, counts: 0...GenerationOptions.stopsMax)])
    }
    var json: JSON { texts.json }

    init(json: JSON, at path: FieldPath) throws {
        if case .string(let text) = json { texts = [text] } else { texts = try [String](json: json, at: path) }
        guard texts.count <= GenerationOptions.stopsMax else {
            throw WireError(path, "must be at most \(GenerationOptions.stopsMax) texts, got \(texts.count)")
        }
        for (index, text) in texts.enumerated() where !(1...GenerationOptions.stopBytesMax).contains(text.utf8.count) {
            let place = if case .string = json { path } else { path[index] }
            throw WireError(
                place, "must be a text of 1 to \(GenerationOptions.stopBytesMax) bytes, got \(text.utf8.count)")
        }
    }
}

/// A word for why an answer ended.
enum FinishReason: String, WireEnum {
    case stop, length
    case toolCalls = "tool_calls"
}

extension FinishReason {
    init(_ reason: StopReason) { self = reason == .maxTokens ? .length : .stop }
}

/// The tokens that a request took.
struct UsageBody: WireRecord, Hashable {
    struct PromptDetails: WireRecord, Hashable {
        var cachedTokens: Int
        static let object = Object(
            "OpenAIPromptTokens", isComponent: false, Self.init,
            Field("cached_tokens", \.cachedTokens, "Of an earlier request's prompt, and not computed again."))
    }

    var promptTokens: Int
    var completionTokens: Int
    var totalTokens: Int
    var details: PromptDetails

    static let object = Object(
        "OpenAIUsage", Self.init,
        Field("prompt_tokens", \.promptTokens, "The tokens of the prompt."),
        Field("completion_tokens", \.completionTokens, "The tokens that were generated, over all answers."),
        Field("total_tokens", \.totalTokens, "The sum of both."),
        Field("prompt_tokens_details", \.details, "Of the prompt's."))
}
