/// The rule by which candidates of a prompt are kept. Its settings are in the request's `reward_scoring`.
public enum FilteringFunction: String, WireEnum {
    /// All are kept.
    case none
    /// A random subset.
    case random
    /// The `k` with the best scores.
    case topK = "top_k"
    /// The best ones, until they hold the share `p` of the mass of the scores.
    case topP = "top_p"
    /// The candidates that both ``topK`` and ``topP`` keep.
    case topKTopP = "top_k_top_p"
    /// Each with the probability sigmoid(score).
    case sigmoid
}

/// Prompts to generate data for.
public struct SyntheticDataGenerationRequest: WireRecord, Hashable {
    /// The prompts, each a message of its own without history. May be empty.
    public var prompts: [Message]
    /// The rule by which candidates are kept; `none`, which keeps all, by default.
    public var filteringFunction: FilteringFunction
    /// How to score the candidates, and the filter's settings; nil: no scoring.
    public var rewardScoring: RewardScoringReference?

    /// All candidates, without scores, unless the arguments say otherwise. Checks nothing.
    public init(
        prompts: [Message], filteringFunction: FilteringFunction = .none, rewardScoring: RewardScoringReference? = nil
    ) {
        (self.prompts, self.filteringFunction, self.rewardScoring) = (prompts, filteringFunction, rewardScoring)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "SyntheticDataGenerationRequest", Self.init,
        Field("prompts", \.prompts, "The prompts."),
        Field("filtering_function", \.filteringFunction, default: .none, "Which candidates to keep."),
        Field(
            "reward_scoring", \.rewardScoring,
            "How to score the candidates, and the filter's settings; absent: no scoring."))
}

/// The generated data.
public struct SyntheticDataGenerationResponse: WireRecord, Hashable {
    /// The prompts with the candidates that were kept.
    public var syntheticData: [KScoredPromptGenerations]
    /// Counts of the candidates generated and kept, and the settings used, in the provider's own keys; nil when it does
    /// not say.
    public var statistics: JSONObject?

    /// Data without statistics unless they are given.
    public init(syntheticData: [KScoredPromptGenerations], statistics: JSONObject? = nil) {
        (self.syntheticData, self.statistics) = (syntheticData, statistics)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "SyntheticDataGenerationResponse", Self.init,
        Field("synthetic_data", \.syntheticData, "The prompts with the candidates that were kept."),
        Field("statistics", \.statistics, "What was generated and kept, and with which settings."))
}
