import ProviderKit

/// The rows of a dataset that is made of candidates.
package enum DatasetForm: String, WireEnum {
    /// A `dialog` for each candidate that was kept: for fine-tuning.
    case sft
    /// `prompt`, `chosen` and `rejected`: the best and the worst candidate that were kept, for preference optimisation.
    case preference
}

/// The members of a request's `reward_scoring`: the draft says that it is an object, and not what is in it.
package struct ScoringSettings: WireRecord, Hashable {
    /// The reward model; nil: a candidate's score is the mean log probability of its tokens.
    package var model: String?
    package var k: Int
    package var p: Double
    package var temperature: Double
    package var threshold: Double?
    package var seed: Int
    package var datasetUUID: String?
    package var datasetForm: DatasetForm
    package var margin: Double

    package init(
        model: String? = nil, k: Int = 1, p: Double = 0.9, temperature: Double = 1, threshold: Double? = nil,
        seed: Int = 0, datasetUUID: String? = nil, datasetForm: DatasetForm = .sft, margin: Double = 0
    ) {
        (self.model, self.k, self.p, self.temperature) = (model, k, p, temperature)
        (self.threshold, self.seed) = (threshold, seed)
        (self.datasetUUID, self.datasetForm, self.margin) = (datasetUUID, datasetForm, margin)
    }

    package static let object = Object(
        "RewardScoring", isComponent: false,
        {
            ScoringSettings(
                model: $0, k: $1, p: $2, temperature: $3, threshold: $4, seed: $5, datasetUUID: $6, datasetForm: $7,
                margin: $8)
        },
        Field("model", \.model, "The reward model. Without one, the mean log probability of a candidate's tokens."),
        Field("k", \.k, default: 1, check: .atLeast(1), "How many random, top_k and top_k_top_p take."),
        Field("p", \.p, default: 0.9, check: .fraction, "The share of the mass that top_p and top_k_top_p take."),
        Field(
            "temperature", \.temperature, default: 1, check: Check("above 0") { $0 > 0 },
            "Divides the scores for top_p, top_k_top_p and sigmoid."),
        Field(
            "threshold", \.threshold,
            "What scores less is dropped first; the middle of sigmoid, which drops nothing before."),
        Field("seed", \.seed, default: 0, "The same seed and request give the same answer."),
        Field("dataset_uuid", \.datasetUUID, "Registers what was kept as a dataset of this id."),
        Field("dataset_form", \.datasetForm, default: .sft, "sft or preference."),
        Field(
            "margin", \.margin, default: 0, check: .atLeast(0),
            "The least difference of score between the two candidates of a preference."))

    /// - Throws: `WireError`, with the field in the request.
    package init(_ request: SyntheticDataGenerationRequest) throws {
        let path = FieldPath.root["reward_scoring"]
        self = try Self.object.decode(.object(request.rewardScoring?.members ?? [:]), at: path)
        if let datasetUUID, !(1...200).contains(datasetUUID.utf8.count) {
            throw WireError(path["dataset_uuid"], "must be 1 to 200 bytes, got \(datasetUUID.utf8.count)")
        }
    }
}
