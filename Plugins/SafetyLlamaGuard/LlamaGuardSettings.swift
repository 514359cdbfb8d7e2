import ProviderKit

/// The settings of a judgement, in a shield's config and in a request's params.
struct JudgementSettings: WireRecord, Hashable {
    /// Categories that are no violation. If it names all of them, it is ignored.
    var excludedCategories: [HarmCategory]
    /// Messages of the user, and results of tools, are let pass.
    var disableInputCheck: Bool
    /// Messages of the assistant are let pass.
    var disableOutputCheck: Bool

    static let object = Object(
        "JudgementSettings", isComponent: false, Self.init,
        Field(
            "excluded_categories", \.excludedCategories, default: [],
            "Categories, S1 to S14, that are no violation. If all are excluded, none is."),
        Field("disable_input_check", \.disableInputCheck, default: false, "Let pass what a user or a tool says."),
        Field("disable_output_check", \.disableOutputCheck, default: false, "Let pass what the assistant says."))

    /// The settings of both: what either lets pass.
    func joined(_ other: JudgementSettings) -> JudgementSettings {
        JudgementSettings(
            excludedCategories: excludedCategories + other.excludedCategories,
            disableInputCheck: disableInputCheck || other.disableInputCheck,
            disableOutputCheck: disableOutputCheck || other.disableOutputCheck)
    }

    /// Those that count.
    var categories: [HarmCategory] {
        let left = HarmCategory.allCases.filter { !excludedCategories.contains($0) }
        return left.isEmpty ? HarmCategory.allCases : left
    }
}

/// A shield's config.
struct LlamaGuardConfiguration: WireRecord, Hashable {
    /// The model that judges.
    var model: String
    var settings: JudgementSettings

    static let object = Object(
        "LlamaGuardConfiguration", isComponent: false, Self.init,
        Field("model", \.model, naming: "model", "The model that judges: a Llama Guard 3, or one tuned like it."),
        Inline(\.settings, JudgementSettings.object))
}
