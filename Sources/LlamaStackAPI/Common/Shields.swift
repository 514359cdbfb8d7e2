/// The draft's shields.
public enum ShieldType: String, WireEnum {
    /// A model that sorts the last message into categories of harm (Llama Guard).
    case llamaGuard = "llama_guard"
    /// A classifier of injections and jailbreaks in the last message (Prompt Guard).
    case promptGuard = "prompt_guard"
    /// A static scan of code for insecure patterns.
    case codeGuard = "code_guard"
}

/// A shield to run, and its settings.
public struct ShieldConfig: WireRecord, Hashable {
    /// The shield to run.
    public var shieldType: ShieldType
    /// The shield's own settings; empty by default. The provider of the shield checks them.
    public var params: JSONObject

    /// A shield with its own defaults unless settings are given.
    public init(shieldType: ShieldType, params: JSONObject = [:]) {
        (self.shieldType, self.params) = (shieldType, params)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ShieldConfig", Self.init,
        Field("shield_type", \.shieldType, "Which shield."),
        Field("params", \.params, default: [:], "The shield's own settings."))
}

/// The objection of a shield.
public struct SafetyViolation: WireRecord, Hashable {
    /// The category in the shield's own words: for Llama Guard the comma-separated codes, such as `S1,S9`.
    public var violationType: String
    /// The shield's finding, for logs and developers.
    public var details: String
    /// A reply to show the user in place of the refused text; nil when the shield has none.
    public var suggestedUserResponse: String?

    /// Creates the record. Checks nothing.
    public init(violationType: String, details: String, suggestedUserResponse: String? = nil) {
        self.violationType = violationType
        self.details = details
        self.suggestedUserResponse = suggestedUserResponse
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "SafetyViolation", isComponent: false, Self.init,
        Field("violation_type", \.violationType, "The category, as the shield names it."),
        Field("details", \.details, "What was found."),
        Field("suggested_user_response", \.suggestedUserResponse, "What to tell the user instead."))
}
