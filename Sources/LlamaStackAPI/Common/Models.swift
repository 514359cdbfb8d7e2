// The draft closes these lists; here any other id that a distribution configures is a model too.

/// A model that continues text.
public struct PretrainedModel: OpenWireEnum {
    /// The id that the distribution lists, or an alias of it.
    public let rawValue: String
    /// Takes any id; whether there is such a model is found out by the host.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The draft's ids, for the document. They exist only where a distribution lists them.
    public static let known: [Self] = ["llama3_8b", "llama3_70b"]
}

/// A model that answers dialogs.
public struct InstructModel: OpenWireEnum {
    /// The id that the distribution lists, or an alias of it.
    public let rawValue: String
    /// Takes any id; whether there is such a model is found out by the host.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The draft's ids, for the document. They exist only where a distribution lists them.
    public static let known: [Self] = ["llama3_8b_chat", "llama3_70b_chat"]
}

/// A model that scores answers.
public struct RewardModel: OpenWireEnum {
    /// The id that the distribution lists, or an alias of it.
    public let rawValue: String
    /// Takes any id; whether there is such a model is found out by the host.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The draft's ids, for the document. They exist only where a distribution lists them.
    public static let known: [Self] = ["llama3_405b_reward"]
}
