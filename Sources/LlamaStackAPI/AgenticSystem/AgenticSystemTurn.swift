/// One turn: what the user said, what was done, what was answered.
public struct AgenticSystemTurn: WireRecord, Hashable {
    public var userMessages: [Message]
    public var steps: [ExecutionStep]
    public var responseMessage: Message

    public init(userMessages: [Message], steps: [ExecutionStep], responseMessage: Message) {
        (self.userMessages, self.steps, self.responseMessage) = (userMessages, steps, responseMessage)
    }

    public static let object = Object(
        "AgenticSystemTurn", Self.init,
        Field("user_messages", \.userMessages, "What the user said."),
        Field("steps", \.steps, "What was done, in order."),
        Field("response_message", \.responseMessage, "The answer."))
}
