/// Texts to continue: all are answered, in order, or none.
public struct BatchCompletionRequest: WireRecord, Hashable {
    public var model: PretrainedModel
    public var contentBatch: [Content]
    public var samplingParams: SamplingParams
    public var maxTokens: Int
    public var logprobs: Bool

    public init(
        model: PretrainedModel, contentBatch: [Content], samplingParams: SamplingParams = SamplingParams(),
        maxTokens: Int = 0, logprobs: Bool = false
    ) {
        self.model = model
        self.contentBatch = contentBatch
        self.samplingParams = samplingParams
        self.maxTokens = maxTokens
        self.logprobs = logprobs
    }

    public static let object = Object(
        "BatchCompletionRequest", Self.init,
        Field("model", \.model, "The model to use."),
        Field("content_batch", \.contentBatch, "The texts to continue."),
        Field("sampling_params", \.samplingParams, default: SamplingParams(), "How the next token is chosen."),
        Field(
            "max_tokens", \.maxTokens, default: 0, check: .atLeast(0),
            "The most tokens to generate; 0: up to the context limit."),
        Field("logprobs", \.logprobs, default: false, "Also answer the tokens' log probabilities."))
}

/// Dialogs to answer: all are answered, in order, or none.
public struct BatchChatCompletionRequest: WireRecord, Hashable {
    public var model: InstructModel
    public var batchDialogs: [Dialog]
    public var samplingParams: SamplingParams
    public var availableTools: [ToolDefinition]
    public var maxTokens: Int
    public var logprobs: Bool

    public init(
        model: InstructModel, batchDialogs: [Dialog], samplingParams: SamplingParams = SamplingParams(),
        availableTools: [ToolDefinition] = [], maxTokens: Int = 0, logprobs: Bool = false
    ) {
        self.model = model
        self.batchDialogs = batchDialogs
        self.samplingParams = samplingParams
        self.availableTools = availableTools
        self.maxTokens = maxTokens
        self.logprobs = logprobs
    }

    public static let object = Object(
        "BatchChatCompletionRequest", Self.init,
        Field("model", \.model, "The model to use."),
        Field("batch_dialogs", \.batchDialogs, "The dialogs to answer."),
        Field("sampling_params", \.samplingParams, default: SamplingParams(), "How the next token is chosen."),
        Field("available_tools", \.availableTools, default: [], "The tools that the model may call."),
        Field(
            "max_tokens", \.maxTokens, default: 0, check: .atLeast(0),
            "The most tokens to generate; 0: up to the context limit."),
        Field("logprobs", \.logprobs, default: false, "Also answer the tokens' log probabilities."))
}
