public enum ExecutionStepType: String, WireEnum {
    case modelInference = "model_inference", toolExecution = "tool_execution"
    case safetyFiltering = "safety_filtering", memoryRetrieval = "memory_retrieval"
}

/// The model was asked.
public struct ModelInferenceStep: WireRecord, Hashable {
    public var stepType: ExecutionStepType { .modelInference }
    public var uuid: String
    public var text: String
    public var logprobs: JSONObject?

    public init(uuid: String, text: String, logprobs: JSONObject? = nil) {
        (self.uuid, self.text, self.logprobs) = (uuid, text, logprobs)
    }

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
    public var stepType: ExecutionStepType { .toolExecution }
    public var uuid: String
    public var toolCalls: [ToolCall]
    public var toolResponses: [ToolResponse]

    public init(uuid: String, toolCalls: [ToolCall], toolResponses: [ToolResponse]) {
        (self.uuid, self.toolCalls, self.toolResponses) = (uuid, toolCalls, toolResponses)
    }

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
    public var stepType: ExecutionStepType { .safetyFiltering }
    public var uuid: String
    public var violation: SafetyViolation?

    public init(uuid: String, violation: SafetyViolation? = nil) {
        (self.uuid, self.violation) = (uuid, violation)
    }

    public static let object = Object(
        "SafetyFilteringStep", isComponent: false, { _, uuid, violation in Self(uuid: uuid, violation: violation) },
        Field("step_type", \.stepType, constant: .safetyFiltering, "Which kind of step this is."),
        Field("uuid", \.uuid, check: .identifier, "The step's id."),
        Field("violation", \.violation, "What they objected to, if anything."))
}

/// Memory banks were searched.
public struct MemoryRetrievalStep: WireRecord, Hashable {
    public var stepType: ExecutionStepType { .memoryRetrieval }
    public var uuid: String
    public var documents: [MemoryBankDocument]
    public var scores: [Double]

    public init(uuid: String, documents: [MemoryBankDocument], scores: [Double]) {
        (self.uuid, self.documents, self.scores) = (uuid, documents, scores)
    }

    public static let object = Object(
        "MemoryRetrievalStep", isComponent: false,
        { _, uuid, documents, scores in Self(uuid: uuid, documents: documents, scores: scores) },
        Field("step_type", \.stepType, constant: .memoryRetrieval, "Which kind of step this is."),
        Field("uuid", \.uuid, check: .identifier, "The step's id."),
        Field("documents", \.documents, "What was found."),
        Field("scores", \.scores, "How well each document fits, in the documents' order; more is better."))
}
