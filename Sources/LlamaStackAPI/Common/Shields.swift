public enum ShieldType: String, WireEnum {
    case llamaGuard = "llama_guard", promptGuard = "prompt_guard", codeGuard = "code_guard"
}

/// A shield to run, and its settings.
public struct ShieldConfig: WireRecord, Hashable {
    public var shieldType: ShieldType
    public var params: JSONObject

    public init(shieldType: ShieldType, params: JSONObject = [:]) {
        (self.shieldType, self.params) = (shieldType, params)
    }

    public static let object = Object(
        "ShieldConfig", Self.init,
        Field("shield_type", \.shieldType, "Which shield."),
        Field("params", \.params, default: [:], "The shield's own settings."))
}

/// What a shield objected to.
public struct SafetyViolation: WireRecord, Hashable {
    public var violationType: String
    public var details: String
    public var suggestedUserResponse: String?

    public init(violationType: String, details: String, suggestedUserResponse: String? = nil) {
        self.violationType = violationType
        self.details = details
        self.suggestedUserResponse = suggestedUserResponse
    }

    public static let object = Object(
        "SafetyViolation", isComponent: false, Self.init,
        Field("violation_type", \.violationType, "The category, as the shield names it."),
        Field("details", \.details, "What was found."),
        Field("suggested_user_response", \.suggestedUserResponse, "What to tell the user instead."))
}
