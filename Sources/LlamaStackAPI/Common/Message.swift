/// The speaker of a message.
public enum Role: String, WireEnum {
    /// Instructions that hold for the whole dialog.
    case system
    /// The person or program that asks.
    case user
    /// The model.
    case assistant
    /// A tool's results, for the model.
    case tool
}

/// One message of a dialog.
public struct Message: WireRecord, Hashable {
    /// The speaker.
    public var role: Role
    /// Its text and attachments. With the role tool, the results as text; `toolResponses` are preferred when both are
    /// given.
    public var content: Content
    /// The calls of a message of the assistant; empty for the other roles. Calls have no ids: their order tells them
    /// apart.
    public var toolCalls: [ToolCall]
    /// The results of a message of the role tool, in the order of the calls that they answer; empty for the other
    /// roles.
    public var toolResponses: [ToolResponse]

    /// Creates a message without calls and responses unless they are given. That these fit the role is the provider's
    /// check.
    public init(role: Role, content: Content, toolCalls: [ToolCall] = [], toolResponses: [ToolResponse] = []) {
        (self.role, self.content, self.toolCalls, self.toolResponses) = (role, content, toolCalls, toolResponses)
    }

    /// The record's fields, for decoding, encoding and the schema.
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
    /// The message to answer. For scores and synthetic data it is the prompt.
    public var message: Message
    /// The messages before it, oldest first; a system message comes first. Empty when the request leaves it out.
    public var messageHistory: [Message]

    /// Creates a dialog of one message unless a history is given.
    public init(message: Message, messageHistory: [Message] = []) {
        (self.message, self.messageHistory) = (message, messageHistory)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "Dialog", Self.init,
        Field("message", \.message, "The message to answer."),
        Field("message_history", \.messageHistory, whenAbsent: [], "The messages before it, oldest first."))
}
