import ProviderKit

/// `state.json` of a checkpoint: where the run was, and what it belongs to.
struct CheckpointState: WireRecord, Hashable {
    /// Steps done: with the seed and the number of rows they are the place in the data.
    var step: Int
    var steps: Int
    /// The hashes of the base's files, the rows and the request's settings, in hexadecimal.
    var baseSHA256: String
    var rowsSHA256: String
    var settingsSHA256: String
    var validationLoss: Double?
    var bestStep: Int?
    var bestLoss: Double?
    /// The smallest of all validations, also those without a checkpoint.
    var lowestLoss: Double?
    /// Validations since the best, for early stopping.
    var checksSinceBest: Int

    static let object = Object(
        "CheckpointState", isComponent: false, Self.init, Field("step", \.step), Field("steps", \.steps),
        Field("base_sha256", \.baseSHA256), Field("rows_sha256", \.rowsSHA256),
        Field("settings_sha256", \.settingsSHA256), Field("validation_loss", \.validationLoss),
        Field("best_step", \.bestStep), Field("best_loss", \.bestLoss),
        Field("lowest_loss", \.lowestLoss),
        Field("checks_since_best", \.checksSinceBest))
}
