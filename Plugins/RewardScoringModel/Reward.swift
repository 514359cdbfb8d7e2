import ProviderKit

/// Candidates for the reply to a dialog, and where they stand in the request.
struct RewardItem: Sendable {
    let dialog: Dialog
    let candidates: [Message]
    /// `prompt_generations[3]`
    let field: String

    init(_ item: KPromptGenerations, index: Int) {
        (dialog, candidates, field) = (item.dialog, item.kGenerations, "prompt_generations[\(index)]")
    }

    func field(ofCandidate index: Int) -> String { "\(field).k_generations[\(index)]" }
}

/// A model of the provider, ready to score.
protocol Reward: Sendable {
    /// A finite score for each candidate of an item, in order; higher is better. It does not depend on the other
    /// candidates.
    func scores(_ item: RewardItem, _ call: Call) async throws -> [Double]
}

extension RewardItem {
    /// - Throws: the error of the first score that is no number, with its candidate's place.
    func requireFinite(_ scores: [Double]) throws {
        guard let index = scores.firstIndex(where: { !$0.isFinite }) else { return }
        let field = field(ofCandidate: index)
        throw ProviderError(
            .upstreamError,
            "the reward model's score of \(field) is not a finite number, and so no score; the weights may be damaged",
            field: field)
    }
}
