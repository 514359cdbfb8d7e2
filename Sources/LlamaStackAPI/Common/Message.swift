/// Who says a message.
public enum Role: String, WireEnum {
    case system, user, assistant
    /// A tool's results, for the model.
    case tool
}

/// One message of a dialog.
public struct Message: WireRecord, Hashable {
    public var role: Role
    public var content: Content
    public var toolCalls: [ToolCall]
    public var toolResponses: [ToolResponse]

    public init(role: Role, content: Content, toolCalls: [ToolCall] = [], toolResponses: [ToolResponse] = []) {
        (self.role, self.content, self.toolCalls, self.toolResponses) = (role, content, toolCalls, toolResponses)
    }

    public static let object = Object(
        "Message", Self.init,
        Field("role", \.role, "Who says it."),
        Field("content", \.content, "What it says."),
        Field("tool_calls", \.toolCalls, default: [], "With the role assistant: the tools it wants called."),
        Field(
            "tool_responses", \.toolResponses, default: [],
            "With the role tool: what the tools answered, in the order of the calls."))
}

/// A message and what was said before it.
public struct Dialog: WireRecord, Hashable {
    public var message: Message
    public var messageHistory: [Message]

    public init(message: Message, messageHistory: [Message] = []) {
        (self.message, self.messageHistory) = (message, messageHistory)
    }

    public static let object = Object(
        "Dialog", Self.init,
        Field("message", \.message, "The message to answer."),
        Field("message_history", \.messageHistory, whenAbsent: [], "The messages before it, oldest first."))
}
