/// A dialog to answer.
public struct ChatCompletionRequest: WireRecord, Hashable {
    /// The id or alias of the model.
    public var model: InstructModel
    /// The message to answer and the messages before it.
    public var dialog: Dialog
    /// How the next token is chosen; greedy by default.
    public var samplingParams: SamplingParams
    /// The tools that the model may call; none by default. The provider runs none of them: a call is part of the
    /// answer.
    public var availableTools: [ToolDefinition]
    /// The most tokens to generate; 0, the default: up to the context limit.
    public var maxTokens: Int
    /// Answer with server-sent events; false by default.
    public var stream: Bool
    /// Also answer the log probabilities of the tokens; false by default. A stream has no place for them.
    public var logprobs: Bool

    /// Greedy, whole, without tools and limit on tokens unless the arguments say otherwise. Checks nothing.
    public init(
        model: InstructModel, dialog: Dialog, samplingParams: SamplingParams = SamplingParams(),
        availableTools: [ToolDefinition] = [], maxTokens: Int = 0, stream: Bool = false, logprobs: Bool = false
    ) {
        self.model = model
        self.dialog = dialog
        self.samplingParams = samplingParams
        self.availableTools = availableTools
        self.maxTokens = maxTokens
        self.stream = stream
        self.logprobs = logprobs
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ChatCompletionRequest", Self.init,
        Field("model", \.model, "The model to use."),
        Field("dialog", \.dialog, "What was said so far."),
        Field("sampling_params", \.samplingParams, default: SamplingParams(), "How the next token is chosen."),
        Field("available_tools", \.availableTools, default: [], "The tools that the model may call."),
        Field(
            "max_tokens", \.maxTokens, default: 0, check: .atLeast(0),
            "The most tokens to generate; 0: up to the context limit."),
        Field("stream", \.stream, default: false, "Answer with server-sent events."),
        Field("logprobs", \.logprobs, default: false, "Also answer the tokens' log probabilities."))
}

/// A whole answer.
public struct ChatCompletionResponse: WireRecord, Hashable {
    /// The reply's text; empty when the model calls tools.
    public var content: Content
    /// The calls that the model asks for, in its order; empty when it answers by itself.
    public var toolCalls: [ToolCall]
    /// Why generation ended; `finishedOK` also when the model waits for a tool. nil: the provider does not say.
    public var stopReason: StopReason?
    /// `tokens` and `token_logprobs`, lists of equal length: each token's text and the natural logarithm of its
    /// probability. nil when they were not asked for.
    public var logprobs: JSONObject?
    /// The reasoning of a model before its answer. Only for a caller with the option `extended`; nil for none.
    public var reasoning: String?
    /// The tokens that the answer took. Only for a caller with the option `extended`.
    public var usage: TokenUsage?

    /// An answer without calls, stop reason, log probabilities, reasoning and usage unless they are given.
    public init(
        content: Content, toolCalls: [ToolCall] = [], stopReason: StopReason? = nil, logprobs: JSONObject? = nil,
        reasoning: String? = nil, usage: TokenUsage? = nil
    ) {
        (self.content, self.toolCalls, self.stopReason, self.logprobs) = (content, toolCalls, stopReason, logprobs)
        (self.reasoning, self.usage) = (reasoning, usage)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ChatCompletionResponse", Self.init,
        Field("content", \.content, "What the model wrote."),
        Field("tool_calls", \.toolCalls, default: [], "The tools that the model wants called."),
        Field("stop_reason", \.stopReason, "Why generation ended."),
        Field("logprobs", \.logprobs, "Log probabilities of the tokens, when they were asked for."),
        Field(extended: "reasoning", \.reasoning, "What the model thought before it answered."),
        Field(extended: "usage", \.usage, "The tokens that the answer took."))
}

/// A piece of an answer. The last one has an empty text and the stop reason.
public struct ChatCompletionResponseStreamChunk: WireRecord, Hashable {
    /// The text since the last chunk; empty in the last one and beside a tool call.
    public var textDelta: String
    /// Why generation ended; set in the last chunk alone. A stream that ends without it has failed.
    public var stopReason: StopReason?
    /// One tool call, whole; nil in every other chunk.
    public var toolCall: ToolCall?
    /// The reasoning of a model since the last chunk. Only for a caller with the option `extended`; nil in every
    /// other chunk.
    public var reasoning: String?
    /// More about the chunk; see ``GenerationDetails``. Only for a caller with the option `extended`.
    public var details: GenerationDetails
    /// The log probabilities of the tokens since the last chunk, where the request asks for them. Only for a caller
    /// with the option `extended`.
    public var logprobs: [TokenLogprob]?

    /// A chunk of text unless a stop reason, a call or reasoning is given.
    public init(
        textDelta: String, stopReason: StopReason? = nil, toolCall: ToolCall? = nil, reasoning: String? = nil,
        details: GenerationDetails = GenerationDetails(), logprobs: [TokenLogprob]? = nil
    ) {
        (self.textDelta, self.stopReason, self.toolCall, self.reasoning) = (textDelta, stopReason, toolCall, reasoning)
        (self.details, self.logprobs) = (details, logprobs)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ChatCompletionResponseStreamChunk", Self.init,
        Field("text_delta", \.textDelta, "The text since the last chunk."),
        Field("stop_reason", \.stopReason, "Why generation ended."),
        Field("tool_call", \.toolCall, "A tool call, whole, with an empty text."),
        Field(extended: "reasoning", \.reasoning, "What the model thought since the last chunk."),
        Inline(\.details, GenerationDetails.object),
        Field(extended: "logprobs", \.logprobs, "Log probabilities of the tokens since the last chunk."))
}
