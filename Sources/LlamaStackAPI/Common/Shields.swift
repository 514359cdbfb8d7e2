/// A shield. The draft closes this list; here any other id that a distribution configures is a shield too.
public struct ShieldType: OpenWireEnum {
    /// The id that the distribution lists.
    public let rawValue: String
    /// Takes any id; whether there is such a shield is found out by the host.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The draft's ids, for the document: a model that sorts the last message into categories of harm (Llama Guard), a
    /// classifier of injections and jailbreaks (Prompt Guard), a static scan of code. They exist only where a
    /// distribution lists them.
    public static let known: [Self] = ["llama_guard", "prompt_guard", "code_guard"]
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
