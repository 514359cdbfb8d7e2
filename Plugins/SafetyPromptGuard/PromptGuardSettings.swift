import ProviderKit

/// The settings of a judgement, in a shield's config and in a request's params.
package struct PromptGuardSettings: WireRecord, Hashable {
    /// nil: the classifier's own.
    var threshold: Double?

    package static let object = Object(
        "PromptGuardSettings", isComponent: false, Self.init,
        Field(
            "threshold", \.threshold, ifPresent: Check("between 0 and 1") { $0 > 0 && $0 < 1 },
            "The score from 0 to 1 above which a message is a violation; by default the one that 5 % of benign "
                + "messages exceeded in training."))

    /// The settings of a request count before those of the shield.
    func joined(_ request: PromptGuardSettings) -> PromptGuardSettings {
        PromptGuardSettings(threshold: request.threshold ?? threshold)
    }
}

/// A shield's config.
package struct PromptGuardConfiguration: WireRecord, Hashable {
    static let windowsMax = 256

    /// The embedding model.
    var model: String
    /// Windows of the messages of one request.
    var windowsMax: Int
    var settings: PromptGuardSettings

    package static let object = Object(
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
