/// Texts to continue: all are answered, in order, or none.
public struct BatchCompletionRequest: WireRecord, Hashable {
    /// The id or alias of the model for all texts.
    public var model: PretrainedModel
    /// The texts to continue; the answers have the same order. An empty batch has an empty answer.
    public var contentBatch: [Content]
    /// How the next token is chosen, in every item; greedy by default.
    public var samplingParams: SamplingParams
    /// The most tokens to generate for each item; 0, the default: up to the context limit.
    public var maxTokens: Int
    /// Also answer the log probabilities of the tokens; false by default.
    public var logprobs: Bool

    /// Greedy, without limit on tokens and without log probabilities unless the arguments say otherwise. Checks
    /// nothing.
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

    /// The record's fields, for decoding, encoding and the schema.
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
    /// The id or alias of the model for all dialogs.
    public var model: InstructModel
    /// The dialogs to answer; the answers have the same order. An empty batch has an empty answer.
    public var batchDialogs: [Dialog]
    /// How the next token is chosen, in every item; greedy by default.
    public var samplingParams: SamplingParams
    /// The tools that the model may call in every dialog; none by default. The provider runs none of them.
    public var availableTools: [ToolDefinition]
    /// The most tokens to generate for each item; 0, the default: up to the context limit.
    public var maxTokens: Int
    /// Also answer the log probabilities of the tokens; false by default.
    public var logprobs: Bool

    /// Greedy, without tools, limit on tokens and log probabilities unless the arguments say otherwise. Checks nothing.
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

    /// The record's fields, for decoding, encoding and the schema.
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
