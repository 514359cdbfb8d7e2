import ChatTemplates
import Checkpoints
import Dispatch
import InferenceCPU
import LlamaEngine
import Parallel
import ProviderKit
import Synchronization

/// A model with a head of one number, on the last token of the conversation that ends with the candidate.
final class HeadReward: Reward {
    private let classifier: SequenceClassifier
    private let language: ModelLanguage
    /// Where passes are computed, one call after another.
    private let queue: DispatchQueue

    /// Candidates that are computed in one go: then it is another request's turn.
    private static let turnCandidates = 64

    private init(_ classifier: SequenceClassifier, _ language: ModelLanguage, _ queue: DispatchQueue) {
        (self.classifier, self.language, self.queue) = (classifier, language, queue)
    }

    /// The last reference may go in a task, and letting go of the engine waits for its threads.
    deinit {
        let classifier = classifier
        queue.async { withExtendedLifetime(classifier) {} }
    }

    func scores(_ item: RewardItem, _ call: Call) async throws -> [Double] {
        let sequences = try await queue.run { try self.tokens(item) }
        var scores: [Double] = []
        for start in stride(from: 0, to: sequences.count, by: Self.turnCandidates) {
            try Task.checkCancellation()
            let turn = Array(sequences[start...].prefix(Self.turnCandidates))
            scores += try await self.scores(of: turn, item).map(Double.init)
        }
        return scores
    }

    private func scores(of sequences: [[Int32]], _ item: RewardItem) async throws -> [Float] {
        let left = Left()
        return try await withTaskCancellationHandler {
            try await queue.run { [classifier] in
                do {
                    return try classifier.scores(of: sequences) { left.isSet }
                } catch let error as GenerationError {
                    throw ProviderError(error, promptField: item.field)
                }
            }
        } onCancel: {
            left.set()
        }
    }

    private func tokens(_ item: RewardItem) throws -> [[Int32]] {
        let conversation = try ChatConversation(item.dialog, at: item.field + ".dialog", tools: [])
        let limit = classifier.model.decoder.configuration.contextTokens
        return try item.candidates.enumerated().map { index, candidate in
            let field = item.field(ofCandidate: index)
            var whole = conversation
            whole.messages.append(try ChatMessage(candidate, at: field).separatingReasoning)
            let tokens: [Int32]
            do throws(TemplateError) { tokens = try language.tokens(of: whole) } catch {
                throw ProviderError(error, field: field)
            }
            guard !tokens.isEmpty else {
                throw ProviderError(.invalidRequest, "\(field) and its dialog have no tokens", field: field)
            }
            guard tokens.count <= limit else {
                throw ProviderError(
                    .contextLengthExceeded,
                    "\(field) and its dialog have \(tokens.count) tokens, and this model's context is \(limit)",
                    field: field)
            }
            return tokens
        }
    }
}

/// Set once, from any thread.
private final class Left: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

extension HeadReward {
    /// Reads the folder of the model. Throws a `ProviderError` that names the file and what is wrong with it.
    static func load(_ id: String, _ path: String, _ configuration: RewardConfiguration, _ log: Log) async throws
        -> HeadReward
    {
        let start = ContinuousClock.now
        let queue = DispatchQueue(label: "reward-\(id)")
        let threads =
            configuration.threads > 0 ? configuration.threads : min(Machine.coresUsable, ThreadPool.threadsMax)
        let reward: HeadReward
        do {
            reward = try await queue.run {
                let checkpoint = try ModelCheckpoint.open(path: path)
                let language = try ModelLanguage(checkpoint)
                // A reward model reads conversations, and nothing else.
                if let error = language.chatFormatError { throw error }
                let model = try ClassifierModel(checkpoint, precision: configuration.precision)
                let classifier = try SequenceClassifier(
                    model: model, precision: configuration.precision, threads: threads)
                return HeadReward(classifier, language, queue)
            }
        } catch {
            throw ProviderError(loading: path, error)
        }
        let milliseconds = ((ContinuousClock.now - start) / .milliseconds(1) * 10).rounded() / 10
        log.info(
            "reward model \(id) is ready",
            [
                "model": id, "path": path, "threads": "\(threads)", "precision": configuration.precision.rawValue,
                "instructions": InstructionSet.name, "load_milliseconds": "\(milliseconds)",
            ])
        return reward
    }
}

extension DispatchQueue {
    fileprivate func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            async { continuation.resume(with: Result { try body() }) }
        }
    }
}
