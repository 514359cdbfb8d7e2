/// The kind of a step.
public enum ExecutionStepType: String, WireEnum {
    /// The model was asked: ``ModelInferenceStep``.
    case modelInference = "model_inference"
    /// Tools were run: ``ToolExecutionStep``.
    case toolExecution = "tool_execution"
    /// Shields were run: ``SafetyFilteringStep``.
    case safetyFiltering = "safety_filtering"
    /// Memory banks were searched: ``MemoryRetrievalStep``.
    case memoryRetrieval = "memory_retrieval"
}

/// The model was asked.
public struct ModelInferenceStep: WireRecord, Hashable {
    /// Always `model_inference`.
    public var stepType: ExecutionStepType { .modelInference }
    /// The step's id, chosen by the agent's provider.
    public var uuid: String
    /// The model's text; empty when it called tools. The calls are in the tool step that follows.
    public var text: String
    /// As in ``ChatCompletionResponse/logprobs``; nil when they were not asked for.
    public var logprobs: JSONObject?

    /// A step without log probabilities unless they are given.
    public init(uuid: String, text: String, logprobs: JSONObject? = nil) {
        (self.uuid, self.text, self.logprobs) = (uuid, text, logprobs)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ModelInferenceStep", isComponent: false,
        { _, uuid, text, logprobs in Self(uuid: uuid, text: text, logprobs: logprobs) },
        Field("step_type", \.stepType, constant: .modelInference, "Which kind of step this is."),
        Field("uuid", \.uuid, check: .identifier, "The step's id."),
        Field("text", \.text, "What it wrote."),
        Field("logprobs", \.logprobs, "Log probabilities of the tokens, when they were asked for."))
}

/// Tools were run.
public struct ToolExecutionStep: WireRecord, Hashable {
    /// Always `tool_execution`.
    public var stepType: ExecutionStepType { .toolExecution }
    /// The step's id, chosen by the agent's provider.
    public var uuid: String
    /// The calls, in the model's order.
    public var toolCalls: [ToolCall]
    /// Their results, in the order of the calls. A tool that failed has the text of its error.
    public var toolResponses: [ToolResponse]

    /// Creates the record. Checks nothing.
    public init(uuid: String, toolCalls: [ToolCall], toolResponses: [ToolResponse]) {
        (self.uuid, self.toolCalls, self.toolResponses) = (uuid, toolCalls, toolResponses)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ToolExecutionStep", isComponent: false,
        { _, uuid, toolCalls, toolResponses in Self(uuid: uuid, toolCalls: toolCalls, toolResponses: toolResponses) },
        Field("step_type", \.stepType, constant: .toolExecution, "Which kind of step this is."),
        Field("uuid", \.uuid, check: .identifier, "The step's id."),
        Field("tool_calls", \.toolCalls, "The calls."),
        Field("tool_responses", \.toolResponses, "Their answers, in the order of the calls."))
}

/// Shields were run.
public struct SafetyFilteringStep: WireRecord, Hashable {
    /// Always `safety_filtering`.
    public var stepType: ExecutionStepType { .safetyFiltering }
    /// The step's id, chosen by the agent's provider.
    public var uuid: String
    /// The objection; nil when the messages are clean.
    public var violation: SafetyViolation?

    /// A step that found nothing unless a violation is given.
    public init(uuid: String, violation: SafetyViolation? = nil) {
        (self.uuid, self.violation) = (uuid, violation)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "SafetyFilteringStep", isComponent: false, { _, uuid, violation in Self(uuid: uuid, violation: violation) },
        Field("step_type", \.stepType, constant: .safetyFiltering, "Which kind of step this is."),
        Field("uuid", \.uuid, check: .identifier, "The step's id."),
        Field("violation", \.violation, "What they objected to, if anything."))
}

/// Memory banks were searched.
public struct MemoryRetrievalStep: WireRecord, Hashable {
    /// Always `memory_retrieval`.
    public var stepType: ExecutionStepType { .memoryRetrieval }
    /// The step's id, chosen by the agent's provider.
    public var uuid: String
    /// The documents that were found, in the order of their scores' list.
    public var documents: [MemoryBankDocument]
    /// How well each document fits, in the documents' order; more is better. As many as documents.
    public var scores: [Double]

    /// Creates the record. That there is a score for each document is the caller's to see to.
    public init(uuid: String, documents: [MemoryBankDocument], scores: [Double]) {
        (self.uuid, self.documents, self.scores) = (uuid, documents, scores)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryRetrievalStep", isComponent: false,
        { _, uuid, documents, scores in Self(uuid: uuid, documents: documents, scores: scores) },
        Field("step_type", \.stepType, constant: .memoryRetrieval, "Which kind of step this is."),
        Field("uuid", \.uuid, check: .identifier, "The step's id."),
        Field("documents", \.documents, "What was found."),
        Field("scores", \.scores, "How well each document fits, in the documents' order; more is better."))
}
