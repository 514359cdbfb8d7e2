/// Messages for a shield to judge.
public struct RunShieldRequest: WireRecord, Hashable {
    /// The shield to run, and its settings.
    public var shield: ShieldConfig
    /// The conversation, oldest first. Which of its messages are judged is the shield's own choice: all, or the last.
    public var messages: [Message]

    /// Creates the request. Checks nothing.
    public init(shield: ShieldConfig, messages: [Message]) { (self.shield, self.messages) = (shield, messages) }

    /// The record's fields, for decoding, encoding and the schema. Those of the shield stand beside the messages.
    public static let object = Object(
        "RunShieldRequest", Self.init,
        Inline(\.shield, ShieldConfig.object),
        Field("messages", \.messages, "The conversation to judge, oldest first."))
}

/// The findings of a shield. Without a violation and messages: none.
public struct RunShieldResponse: WireRecord, Hashable {
    /// The objection; nil when there is none.
    public var violation: SafetyViolation?
    /// The request's messages with parts replaced, to be used in their place; as many as there were. nil: the shield
    /// changes nothing.
    public var messages: [Message]?

    /// No objection and no change unless they are given.
    public init(violation: SafetyViolation? = nil, messages: [Message]? = nil) {
        (self.violation, self.messages) = (violation, messages)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "RunShieldResponse", Self.init,
        Field("violation", \.violation, "The shield's objection; absent when it has none."),
        Field("messages", \.messages, "The messages with parts replaced, to be used in place of the request's."))
}
