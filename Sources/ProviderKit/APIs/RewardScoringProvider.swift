import LlamaStackAPI

/// A provider of `reward_scoring`: how good are these answers?
public protocol RewardScoringProvider: Provider {
    func score(_ request: RewardScoringRequest, _ call: Call) async throws -> RewardScoringResponse
}

extension RewardScoringProvider {
    public static var api: API { .rewardScoring }

    public static var methods: [Method<Self>] { [Method(RewardScoring.score) { try await $0.score($2, $3) }] }
}
