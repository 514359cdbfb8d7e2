/// One turn: what the user said, what was done, what was answered.
public struct AgenticSystemTurn: WireRecord, Hashable {
    /// The request's messages.
    public var userMessages: [Message]
    /// Everything the agent did, in order: inference, tools, shields, memory.
    public var steps: [ExecutionStep]
    /// The answer. It has tool calls when the caller must run them, and the shield's text when a shield refused.
    public var responseMessage: Message

    /// Creates the record. Checks nothing.
    public init(userMessages: [Message], steps: [ExecutionStep], responseMessage: Message) {
        (self.userMessages, self.steps, self.responseMessage) = (userMessages, steps, responseMessage)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "AgenticSystemTurn", Self.init,
        Field("user_messages", \.userMessages, "What the user said."),
        Field("steps", \.steps, "What was done, in order."),
        Field("response_message", \.responseMessage, "The answer."))
}
