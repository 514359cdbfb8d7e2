public enum AgenticSystemExecuteResponseEventType: String, WireEnum {
    case stepStart = "step_start", stepEnd = "step_end", stepProgress = "step_progress"
}

/// A turn to take.
public struct AgenticSystemExecuteRequest: WireRecord, Hashable {
    public var agentUUID: String
    public var messages: [Message]
    public var turnHistory: [AgenticSystemTurn]
    public var stream: Bool

    public init(agentUUID: String, messages: [Message], turnHistory: [AgenticSystemTurn] = [], stream: Bool = false) {
        (self.agentUUID, self.messages, self.turnHistory, self.stream) = (agentUUID, messages, turnHistory, stream)
    }

    public static let object = Object(
        "AgenticSystemExecuteRequest", Self.init,
        Field("agent_uuid", \.agentUUID, check: .identifier, "The agent's id."),
        Field("messages", \.messages, "The user's new messages."),
        Field("turn_history", \.turnHistory, whenAbsent: [], "The turns before this one, oldest first."),
        Field("stream", \.stream, default: false, "Answer with server-sent events."))
}

/// The turn that was taken.
public struct AgenticSystemExecuteResponse: WireRecord, Hashable {
    public var turn: AgenticSystemTurn

    public init(turn: AgenticSystemTurn) {
        self.turn = turn
    }

    public static let object = Object(
        "AgenticSystemExecuteResponse", Self.init,
        Field("turn", \.turn, "The turn, with its steps."))
}

/// What just happened in a step. Which fields it has depends on the kind of step and event.
public struct AgenticSystemExecuteResponseStreamChunk: WireRecord, Hashable {
    public var eventType: AgenticSystemExecuteResponseEventType
    public var stepUUID: String
    public var stepType: ExecutionStepType
    public var violation: SafetyViolation?
    public var toolCall: ToolCall?
    public var toolResponseDelta: ToolResponse?
    public var responseTextDelta: String?
    public var retrievedDocument: MemoryBankDocument?
    public var stopReason: StopReason?

    public init(
        eventType: AgenticSystemExecuteResponseEventType, stepUUID: String, stepType: ExecutionStepType,
        violation: SafetyViolation? = nil, toolCall: ToolCall? = nil, toolResponseDelta: ToolResponse? = nil,
        responseTextDelta: String? = nil, retrievedDocument: MemoryBankDocument? = nil, stopReason: StopReason? = nil
    ) {
        self.eventType = eventType
        self.stepUUID = stepUUID
        self.stepType = stepType
        self.violation = violation
        self.toolCall = toolCall
        self.toolResponseDelta = toolResponseDelta
        self.responseTextDelta = responseTextDelta
        self.retrievedDocument = retrievedDocument
        self.stopReason = stopReason
    }

    public static let object = Object(
        "AgenticSystemExecuteResponseStreamChunk", Self.init,
        Field("event_type", \.eventType, "Whether the step starts, goes on or ends."),
        Field("step_uuid", \.stepUUID, "The step's id, the same in all its chunks."),
        Field("step_type", \.stepType, "Which kind of step this is."),
        Field("violation", \.violation, "At the end of a safety step that found one."),
        Field("tool_call", \.toolCall, "A call that the model asked for, or that is being run."),
        Field("tool_response_delta", \.toolResponseDelta, "What the tool answered."),
        Field("response_text_delta", \.responseTextDelta, "The text since the last chunk."),
        Field("retrieved_document", \.retrievedDocument, "A document that was looked up."),
        Field("stop_reason", \.stopReason, "At the end of an inference step."))
}
