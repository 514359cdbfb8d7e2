import LlamaStackAPI

/// `reward_scoring`, as another provider calls it.
public struct RewardScoringClient: Sendable {
    public let caller: HostCaller

    public func score(_ request: RewardScoringRequest) async throws -> RewardScoringResponse {
        try await caller.answer(RewardScoring.score, Nothing(), request)
    }
}
