import ProviderKit

/// The settings of a judgement, in a shield's config and in a request's params.
struct PromptGuardSettings: WireRecord, Hashable {
    /// nil: the classifier's own.
    var threshold: Double?

    static let object = Object(
        "PromptGuardSettings", isComponent: false, Self.init,
        Field(
            "threshold", \.threshold,
            "The score from 0 to 1 above which a message is a violation; by default the one that 5 % of benign "
                + "messages exceeded in training."))

    /// The settings of a request count before those of the shield.
    func joined(_ request: PromptGuardSettings) -> PromptGuardSettings {
        PromptGuardSettings(threshold: request.threshold ?? threshold)
    }
}

/// A shield's config.
struct PromptGuardConfiguration: WireRecord, Hashable {
    static let windowsMax = 256

    /// The embedding model.
    var model: String
    /// Windows of the messages of one request.
    var windowsMax: Int
    var settings: PromptGuardSettings

    static let object = Object(
        "PromptGuardConfiguration", isComponent: false, Self.init,
        Field(
            "model", \.model, naming: "model",
            "The embedding model: \(Classifier.embeddingModel), on which the classifier was trained."
        ),
        Field(
            "windows_max", \.windowsMax, default: windowsMax,
            check: Check("1 to 100,000") { (1...100_000).contains($0) },
            "Windows of 900 characters that may be judged at once; longer messages are an error."),
        Inline(\.settings, PromptGuardSettings.object))
}

/// A request's params.
struct PromptGuardParams: WireRecord, Hashable {
    var settings: PromptGuardSettings
    /// The caller's own.
    var onViolation: OnViolation

    static let object = Object(
        "PromptGuardParams", isComponent: false, Self.init,
        Inline(\.settings, PromptGuardSettings.object),
        Field("on_violation", \.onViolation, default: .raise, "For the caller."))
}
