/// Why generation ended.
public enum StopReason: String, WireEnum {
    /// Only in chunks before the last.
    case notStopped = "not_stopped"
    /// The model ended its text or its turn, also to wait for a tool.
    case finishedOK = "finished_ok"
    /// The request's `max_tokens` or the model's context limit was reached: the text is cut.
    case maxTokens = "max_tokens"
}

/// Text to continue.
public struct CompletionRequest: WireRecord, Hashable {
    /// The text to continue; it is not repeated in the answer.
    public var content: Content
    /// The id or alias of the model.
    public var model: PretrainedModel
    /// How the next token is chosen; greedy by default.
    public var samplingParams: SamplingParams
    /// The most tokens to generate; 0, the default: up to the context limit.
    public var maxTokens: Int
    /// Answer with server-sent events; false by default.
    public var stream: Bool
    /// Also answer the log probabilities of the tokens; false by default.
    public var logprobs: Bool

    /// Greedy, whole, without limit on tokens unless the arguments say otherwise. Checks nothing.
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

    /// The record's fields, for decoding, encoding and the schema.
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
    /// The continuation, without the prompt.
    public var content: Content
    /// Why generation ended. nil: the provider does not say.
    public var stopReason: StopReason?
    /// `tokens` and `token_logprobs`, lists of equal length: each token's text and the natural logarithm of its
    /// probability. nil when they were not asked for.
    public var logprobs: JSONObject?
    /// The tokens that the answer took. Only for a caller with the option `extended`.
    public var usage: TokenUsage?

    /// An answer without stop reason, log probabilities and usage unless they are given.
    public init(
        content: Content, stopReason: StopReason? = nil, logprobs: JSONObject? = nil, usage: TokenUsage? = nil
    ) {
        (self.content, self.stopReason, self.logprobs, self.usage) = (content, stopReason, logprobs, usage)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "CompletionResponse", Self.init,
        Field("content", \.content, "What the model wrote."),
        Field("stop_reason", \.stopReason, "Why generation ended."),
        Field("logprobs", \.logprobs, "Log probabilities of the tokens, when they were asked for."),
        Field(extended: "usage", \.usage, "The tokens that the answer took."))
}

/// A piece of a completion. The last one has an empty text and the stop reason.
public struct CompletionResponseStreamChunk: WireRecord, Hashable {
    /// The text since the last chunk; empty in the last one.
    public var textDelta: String
    /// Why generation ended; set in the last chunk alone. A stream that ends without it has failed.
    public var stopReason: StopReason?
    /// As in ``CompletionResponse/logprobs``, for the tokens since the last chunk. nil when they were not asked for, or
    /// there are none.
    public var logprobs: JSONObject?
    /// More about the chunk; see ``GenerationDetails``. Only for a caller with the option `extended`.
    public var details: GenerationDetails

    /// A chunk of text unless a stop reason or log probabilities are given.
    public init(
        textDelta: String, stopReason: StopReason? = nil, logprobs: JSONObject? = nil,
        details: GenerationDetails = GenerationDetails()
    ) {
        (self.textDelta, self.stopReason, self.logprobs, self.details) = (textDelta, stopReason, logprobs, details)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "CompletionResponseStreamChunk", Self.init,
        Field("text_delta", \.textDelta, "The text since the last chunk."),
        Field("stop_reason", \.stopReason, "Why generation ended."),
        Field("logprobs", \.logprobs, "Log probabilities of the tokens, when they were asked for."),
        Inline(\.details, GenerationDetails.object))
}
