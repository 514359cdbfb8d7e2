/// The endpoint of `reward_scoring`.
public enum RewardScoring {
    /// Answers a score for each candidate, in the request's order. The request's model decides the provider.
    public static let score = Endpoint<Nothing, RewardScoringRequest, RewardScoringResponse, Nothing>(
        .rewardScoring, "score", .post, "/reward_scoring/score", routingKey: .listed(.model),
        summary: "Score candidates for the next message of dialogs.")

    static let all = [score.description]
}
