/// The place of an event in its step: one start, any number of progress events, one end.
public enum AgenticSystemExecuteResponseEventType: String, WireEnum {
    /// The step begins; it carries nothing else.
    case stepStart = "step_start"
    /// The step is over: a stop reason, or a violation when there is one.
    case stepEnd = "step_end"
    /// A piece of text, a call, a result or a document.
    case stepProgress = "step_progress"
}

/// A turn to take.
public struct AgenticSystemExecuteRequest: WireRecord, Hashable {
    /// The agent that takes the turn. One that does not exist is `not_found`.
    public var agentUUID: String
    /// The user's new messages, oldest first; also the results of tools that the caller has run.
    public var messages: [Message]
    /// The turns before this one, oldest first; the server keeps none. Empty when the request leaves it out.
    public var turnHistory: [AgenticSystemTurn]
    /// Answer with server-sent events; false by default.
    public var stream: Bool

    /// A first turn, answered whole, unless the arguments say otherwise. Checks nothing.
    public init(agentUUID: String, messages: [Message], turnHistory: [AgenticSystemTurn] = [], stream: Bool = false) {
        (self.agentUUID, self.messages, self.turnHistory, self.stream) = (agentUUID, messages, turnHistory, stream)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "AgenticSystemExecuteRequest", Self.init,
        Field("agent_uuid", \.agentUUID, check: .identifier, "The agent's id."),
        Field("messages", \.messages, "The user's new messages."),
        Field("turn_history", \.turnHistory, whenAbsent: [], "The turns before this one, oldest first."),
        Field("stream", \.stream, default: false, "Answer with server-sent events."))
}

/// The turn that was taken.
public struct AgenticSystemExecuteResponse: WireRecord, Hashable {
    /// The turn with its steps, ready to be the last of the next request's `turnHistory`.
    public var turn: AgenticSystemTurn

    /// Creates the record. Checks nothing.
    public init(turn: AgenticSystemTurn) {
        self.turn = turn
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "AgenticSystemExecuteResponse", Self.init,
        Field("turn", \.turn, "The turn, with its steps."))
}

/// One event of a step. The kind of step and event decide which of the optional fields it has.
public struct AgenticSystemExecuteResponseStreamChunk: WireRecord, Hashable {
    /// Whether the step starts, goes on or ends.
    public var eventType: AgenticSystemExecuteResponseEventType
    /// The step's id, the same in all its events.
    public var stepUUID: String
    /// The kind of step, the same in all its events.
    public var stepType: ExecutionStepType
    /// At the end of a safety step that found one; nil when the messages are clean.
    public var violation: SafetyViolation?
    /// In an inference step a call that the model asked for, in a tool step one that is being run.
    public var toolCall: ToolCall?
    /// In a tool step, the result of a call.
    public var toolResponseDelta: ToolResponse?
    /// In an inference step, the text since the last event.
    public var responseTextDelta: String?
    /// In a memory step, one document that was found; an event for each.
    public var retrievedDocument: MemoryBankDocument?
    /// At the end of an inference step.
    public var stopReason: StopReason?

    /// An event without any of the optional fields unless they are given. Checks nothing.
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

    /// The record's fields, for decoding, encoding and the schema.
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
