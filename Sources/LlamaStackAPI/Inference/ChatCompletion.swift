/// A dialog to answer.
public struct ChatCompletionRequest: WireRecord, Hashable {
    public var model: InstructModel
    public var dialog: Dialog
    public var samplingParams: SamplingParams
    public var availableTools: [ToolDefinition]
    public var maxTokens: Int
    public var stream: Bool
    public var logprobs: Bool

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
    public var content: Content
    public var toolCalls: [ToolCall]
    public var stopReason: StopReason?
    public var logprobs: JSONObject?

    public init(
        content: Content, toolCalls: [ToolCall] = [], stopReason: StopReason? = nil, logprobs: JSONObject? = nil
    ) {
        (self.content, self.toolCalls, self.stopReason, self.logprobs) = (content, toolCalls, stopReason, logprobs)
    }

    public static let object = Object(
        "ChatCompletionResponse", Self.init,
        Field("content", \.content, "What the model wrote."),
        Field("tool_calls", \.toolCalls, default: [], "The tools that the model wants called."),
        Field("stop_reason", \.stopReason, "Why generation ended."),
        Field("logprobs", \.logprobs, "Log probabilities of the tokens, when they were asked for."))
}

/// A piece of an answer. The last one has an empty text and the stop reason.
public struct ChatCompletionResponseStreamChunk: WireRecord, Hashable {
    public var textDelta: String
    public var stopReason: StopReason?
    public var toolCall: ToolCall?

    public init(textDelta: String, stopReason: StopReason? = nil, toolCall: ToolCall? = nil) {
        (self.textDelta, self.stopReason, self.toolCall) = (textDelta, stopReason, toolCall)
    }

    public static let object = Object(
        "ChatCompletionResponseStreamChunk", Self.init,
        Field("text_delta", \.textDelta, "The text since the last chunk."),
        Field("stop_reason", \.stopReason, "Why generation ended."),
        Field("tool_call", \.toolCall, "A tool call, whole, with an empty text."))
}
