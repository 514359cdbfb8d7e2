/// Which candidates of a prompt to keep.
public enum FilteringFunction: String, WireEnum {
    case none, random
    case topK = "top_k", topP = "top_p", topKTopP = "top_k_top_p"
    case sigmoid
}

/// Prompts to generate data for.
public struct SyntheticDataGenerationRequest: WireRecord, Hashable {
    public var prompts: [Message]
    public var filteringFunction: FilteringFunction
    public var rewardScoring: RewardScoringReference?

    public init(
        prompts: [Message], filteringFunction: FilteringFunction = .none, rewardScoring: RewardScoringReference? = nil
    ) {
        (self.prompts, self.filteringFunction, self.rewardScoring) = (prompts, filteringFunction, rewardScoring)
    }

    public static let object = Object(
        "SyntheticDataGenerationRequest", Self.init,
        Field("prompts", \.prompts, "The prompts."),
        Field("filtering_function", \.filteringFunction, default: .none, "Which candidates to keep."),
        Field(
            "reward_scoring", \.rewardScoring,
            "How to score the candidates, and the filter's settings; absent: no scoring."))
}

/// The data.
public struct SyntheticDataGenerationResponse: WireRecord, Hashable {
    public var syntheticData: [KScoredPromptGenerations]
    public var statistics: JSONObject?

    public init(syntheticData: [KScoredPromptGenerations], statistics: JSONObject? = nil) {
        (self.syntheticData, self.statistics) = (syntheticData, statistics)
    }

    public static let object = Object(
        "SyntheticDataGenerationResponse", Self.init,
        Field("synthetic_data", \.syntheticData, "The prompts with the candidates that were kept."),
        Field("statistics", \.statistics, "What was generated and kept, and with which settings."))
}
