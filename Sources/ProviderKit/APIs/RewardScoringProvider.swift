import LlamaStackAPI

/// A provider of `reward_scoring`: scores candidate answers to dialogs.
public protocol RewardScoringProvider: Provider {
    /// Scores each candidate as the reply to its dialog; higher is better. Prompts and candidates keep the request's
    /// order, and an empty list stays an empty list.
    ///
    /// Throw `modelNotFound` when ``Call/resource`` is not a reward model that is served here. All or nothing: an error
    /// scores none. When the call is cancelled, stop computing and let the `CancellationError` pass.
    func score(_ request: RewardScoringRequest, _ call: Call) async throws -> RewardScoringResponse
}

extension RewardScoringProvider {
    /// A conforming provider implements `reward_scoring`.
    public static var api: API { .rewardScoring }

    /// The endpoint of ``RewardScoring``, with the method of this protocol that answers it.
    public static var methods: [Method<Self>] { [Method(RewardScoring.score) { try await $0.score($2, $3) }] }
}
