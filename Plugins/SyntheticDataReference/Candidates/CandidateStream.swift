import ProviderKit
import Synchronization

/// Has a model write candidates and another score them: as many at a time as the engine computes together, prompt after
/// prompt, so that those of one prompt share it. A batch of prompts is scored in one call while the next are written.
final class CandidateStream: Sendable {
    /// Candidates that are scored in one call, but for those of the last prompt.
    private static let batchCandidates = 256
    /// How often a model that is busy is asked for the same.
    private static let attemptsMax = 120

    private let configuration: SyntheticDataConfiguration
    private let settings: ScoringSettings
    private let call: Call
    /// Until a provider says that it takes none.
    private let takesSeed = Atomic(true)

    init(_ configuration: SyntheticDataConfiguration, _ settings: ScoringSettings, _ call: Call) {
        (self.configuration, self.settings, self.call) = (configuration, settings, call)
    }

    private enum Done: Sendable {
        case candidate(Candidate, prompt: Int)
        case scores([[Double]], batch: Range<Int>)
    }

    /// The candidates of each prompt with their scores, in order. The first error ends all of it.
    func run(_ prompts: [Message]) async throws -> [PromptCandidates] {
        let generations = configuration.generations
        var all = prompts.map { PromptCandidates($0, system: configuration.system, generations: generations) }
        let width = max(1, Self.batchCandidates / generations)
        let batches = stride(from: 0, to: all.count, by: width).map { $0..<min($0 + width, all.count) }
        try await withThrowingTaskGroup(of: Done.self) { group in
            var begun = 0
            func begin() {
                guard begun < all.count * generations else { return }
                let (prompt, place) = begun.quotientAndRemainder(dividingBy: generations)
                begun += 1
                let dialog = all[prompt].dialog
                group.addTask { .candidate(try await self.write(dialog, prompt, place), prompt: prompt) }
            }
            for _ in 0..<configuration.runningMax { begin() }
            while let done = try await group.next() {
                switch done {
                case .candidate(let candidate, let prompt):
                    begin()
                    all[prompt].written[candidate.place] = candidate
                    let batch = batches[prompt / width]
                    guard all[batch].allSatisfy(\.isComplete) else { continue }
                    for index in batch { all[index].findDistinct() }
                    let complete = Array(all[batch])
                    group.addTask { .scores(try await self.scores(complete), batch: batch) }
                case .scores(let scores, let batch):
                    for (index, scores) in zip(batch, scores) {
                        for (place, score) in scores.enumerated() { all[index].distinct[place].score = score }
                    }
                }
            }
        }
        return all
    }

    // MARK: - Writing

    private func write(_ dialog: Dialog, _ prompt: Int, _ place: Int) async throws -> Candidate {
        let answer = try await answer(dialog, prompt, place)
        let logprobs = answer.logprobs?["token_logprobs"].flatMap { try? [Double](json: $0, at: .root) }
        let text = answer.content.texts.joined(separator: " ")
        let mean = logprobs.flatMap { $0.isEmpty ? nil : $0.reduce(0, +) / Double($0.count) }
        return Candidate(
            place: place, text: text, meanLogprob: mean, tokens: logprobs?.count ?? 0,
            isCut: answer.stopReason == .maxTokens)
    }

    private func answer(_ dialog: Dialog, _ prompt: Int, _ place: Int) async throws -> ChatCompletionResponse {
        let request = ChatCompletionRequest(
            model: InstructModel(rawValue: configuration.model), dialog: dialog,
            samplingParams: configuration.samplingParams, maxTokens: configuration.maxTokens, logprobs: true)
        let seed = Draws(seed: settings.seed).seed(prompt: prompt, candidate: place)
        do {
            return try await whenFree {
                let isSeeded = self.takesSeed.load(ordering: .relaxed)
                do {
                    return try await self.call.inference().chatCompletion(
                        request, options: isSeeded ? ["seed": .integer(Int64(seed))] : [:])
                } catch let error as ProviderError where error.code == .unsupportedOption && isSeeded {
                    self.takesSeed.store(false, ordering: .relaxed)
                    return try await self.call.inference().chatCompletion(request)
                }
            }
        } catch let error as ProviderError where error.field?.hasPrefix("dialog") == true {
            let field = "prompts[\(prompt)]"
            throw ProviderError(error.code, "\(field): \(error.message)", field: field)
        }
    }

    /// Asks again while the answer is that others are served first: what is written by then is not thrown away.
    private func whenFree<Answer>(_ ask: () async throws -> Answer) async throws -> Answer {
        for _ in 1..<Self.attemptsMax {
            do {
                return try await ask()
            } catch let error as ProviderError where error.code == .queueFull || error.code == .overloaded {
                try await Task.sleep(for: .seconds(error.retryAfterSeconds ?? 1))
            }
        }
        return try await ask()
    }

    /// Whether the same request gives the same answer.
    var isRepeatable: Bool { takesSeed.load(ordering: .relaxed) }

    // MARK: - Scoring

    /// The scores of each prompt's distinct candidates.
    private func scores(_ batch: [PromptCandidates]) async throws -> [[Double]] {
        guard let model = settings.model else {
            return try batch.map { try $0.distinct.map(Self.meanLogprob) }
        }
        guard batch.contains(where: { !$0.distinct.isEmpty }) else { return batch.map { _ in [] } }
        let request = RewardScoringRequest(
            promptGenerations: batch.map {
                KPromptGenerations(dialog: $0.dialog, kGenerations: $0.distinct.map(\.message))
            },
            model: RewardModel(rawValue: model))
        let scored = try await whenFree { try await call.rewardScoring().score(request) }.scoredGenerations
        let scores = scored.map { $0.kScoredGenerations.map(\.score) }
        guard scores.map(\.count) == batch.map(\.distinct.count), scores.allSatisfy({ $0.allSatisfy(\.isFinite) })
        else {
            throw ProviderError(
                .upstreamError,
                "the reward model '\(model)' answered \(scores.map(\.count)) scores for "
                    + "\(batch.map(\.distinct.count)) candidates, or one that is not a number")
        }
        return scores
    }

    private static func meanLogprob(_ candidate: Candidate) throws -> Double {
        guard let mean = candidate.meanLogprob, mean.isFinite else {
            throw ProviderError(
                .upstreamError,
                "the model gave no log probabilities with its answer, and without a reward model they are the score; "
                    + "name one in reward_scoring.model")
        }
        return mean
    }
}
