// The draft closes these lists; here any other id that a distribution configures is a model too.

/// A model that continues text.
public struct PretrainedModel: OpenWireEnum {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let known: [Self] = ["llama3_8b", "llama3_70b"]
}

/// A model that answers dialogs.
public struct InstructModel: OpenWireEnum {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let known: [Self] = ["llama3_8b_chat", "llama3_70b_chat"]
}

/// A model that scores answers.
public struct RewardModel: OpenWireEnum {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let known: [Self] = ["llama3_405b_reward"]
}
