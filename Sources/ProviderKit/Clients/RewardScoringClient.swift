import LlamaStackAPI

/// Typed calls to `reward_scoring` of another provider.
public struct RewardScoringClient: Sendable {
    /// For calls with options, or of an endpoint that has no method here.
    public let caller: HostCaller

    /// Scores candidates; the answer is in the request's order. Throws as ``HostCaller/answer(_:_:_:options:)`` does,
    /// and `modelNotFound` when the reward model does not exist.
    public func score(_ request: RewardScoringRequest) async throws -> RewardScoringResponse {
        try await caller.answer(RewardScoring.score, Nothing(), request)
    }
}
