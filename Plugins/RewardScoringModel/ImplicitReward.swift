import ProviderKit

/// The reward that a model has learned by preference optimisation without a reward model (Rafailov et al. 2023,
/// arXiv:2305.18290): how much likelier a reply, with its end of turn, has become. Two inference models say it.
struct ImplicitReward: Reward {
    let model: String
    let reference: String
    let scale: Double

    func scores(_ item: RewardItem, _ call: Call) async throws -> [Double] {
        var scores: [Double] = []
        // Calls have no text of the model's own form here.
        if let index = item.candidates.firstIndex(where: { !$0.toolCalls.isEmpty }) {
            let field = item.field(ofCandidate: index) + ".tool_calls"
            throw ProviderError(
                .unsupportedContent, "\(field) can't be scored: this reward is one of the reply's text", field: field)
        }
        let width = ScoreRequest.continuationsMax
        for start in stride(from: 0, to: item.candidates.count, by: width) {
            let part = start..<min(start + width, item.candidates.count)
            async let own = logprobs(model, item, part, call)
            async let others = logprobs(reference, item, part, call)
            for (own, other) in zip(try await own, try await others) { scores.append(scale * (own - other)) }
        }
        return scores
    }

    private func logprobs(
        _ model: String, _ item: RewardItem, _ part: Range<Int>, _ call: Call
    ) async throws -> [Double] {
        let request = ScoreRequest(
            model: model, dialog: item.dialog, continuations: item.candidates[part].map(\.content))
        do {
            let scores = try await call.inference().score(request).scores.map(\.logprob)
            guard scores.count == part.count else {
                throw ProviderError(
                    .upstreamError, "the model '\(model)' gave \(scores.count) scores for \(part.count) candidates")
            }
            return scores
        } catch let error as ProviderError where error.code == .modelNotFound {
            // The client named this reward model, and not the models of its config.
            throw ProviderError(
                .modelNotFound, "this reward needs a model of inference: \(error.message)", field: "model")
        } catch let error as ProviderError {
            guard let place = error.field.flatMap({ Self.place($0, item, part) }) else { throw error }
            throw ProviderError(
                error.code, "\(place): \(error.message)", field: place, retryAfterSeconds: error.retryAfterSeconds)
        }
    }

    /// The place in our request of a field in that of the model's provider.
    private static func place(_ field: String, _ item: RewardItem, _ part: Range<Int>) -> String? {
        if field.hasPrefix("dialog") { return "\(item.field).\(field)" }
        guard let match = field.wholeMatch(of: #/continuations\[([0-9]+)\](.*)/#), let index = Int(match.1) else {
            return nil
        }
        return "\(item.field(ofCandidate: part.lowerBound + index)).content\(match.2)"
    }
}
