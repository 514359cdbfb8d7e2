public enum RewardScoring {
    public static let score = Endpoint<Nothing, RewardScoringRequest, RewardScoringResponse, Nothing>(
        .rewardScoring, "score", .post, "/reward_scoring/score", routingKey: .listed(.model),
        summary: "Score candidates for the next message of dialogs.")

    static let all = [score.description]
}
