/// Why generation ended.
public enum StopReason: String, WireEnum {
    /// Only in chunks before the last.
    case notStopped = "not_stopped"
    case finishedOK = "finished_ok"
    case maxTokens = "max_tokens"
}

/// Text to continue.
public struct CompletionRequest: WireRecord, Hashable {
    public var content: Content
    public var model: PretrainedModel
    public var samplingParams: SamplingParams
    public var maxTokens: Int
    public var stream: Bool
    public var logprobs: Bool

    public init(
        content: Content, model: PretrainedModel, samplingParams: SamplingParams = SamplingParams(),
        maxTokens: Int = 0, stream: Bool = false, logprobs: Bool = false
    ) {
        self.content = content
        self.model = model
        self.samplingParams = samplingParams
        self.maxTokens = maxTokens
        self.stream = stream
        self.logprobs = logprobs
    }

    public static let object = Object(
        "CompletionRequest", Self.init,
        Field("content", \.content, "The text to continue."),
        Field("model", \.model, "The model to use."),
        Field("sampling_params", \.samplingParams, default: SamplingParams(), "How the next token is chosen."),
        Field(
            "max_tokens", \.maxTokens, default: 0, check: .atLeast(0),
            "The most tokens to generate; 0: up to the context limit."),
        Field("stream", \.stream, default: false, "Answer with server-sent events."),
        Field("logprobs", \.logprobs, default: false, "Also answer the tokens' log probabilities."))
}

/// A whole completion.
public struct CompletionResponse: WireRecord, Hashable {
    public var content: Content
    public var stopReason: StopReason?
    public var logprobs: JSONObject?

    public init(content: Content, stopReason: StopReason? = nil, logprobs: JSONObject? = nil) {
        (self.content, self.stopReason, self.logprobs) = (content, stopReason, logprobs)
    }

    public static let object = Object(
        "CompletionResponse", Self.init,
        Field("content", \.content, "What the model wrote."),
        Field("stop_reason", \.stopReason, "Why generation ended."),
        Field("logprobs", \.logprobs, "Log probabilities of the tokens, when they were asked for."))
}

/// A piece of a completion. The last one has an empty text and the stop reason.
public struct CompletionResponseStreamChunk: WireRecord, Hashable {
    public var textDelta: String
    public var stopReason: StopReason?
    public var logprobs: JSONObject?

    public init(textDelta: String, stopReason: StopReason? = nil, logprobs: JSONObject? = nil) {
        (self.textDelta, self.stopReason, self.logprobs) = (textDelta, stopReason, logprobs)
    }

    public static let object = Object(
        "CompletionResponseStreamChunk", Self.init,
        Field("text_delta", \.textDelta, "The text since the last chunk."),
        Field("stop_reason", \.stopReason, "Why generation ended."),
        Field("logprobs", \.logprobs, "Log probabilities of the tokens, when they were asked for."))
}
