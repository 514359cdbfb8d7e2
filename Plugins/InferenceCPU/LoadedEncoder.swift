import Dispatch
import LlamaEngine
import Parallel
import ProviderKit
import Synchronization

/// One registered embedding model. Requests are cut into passes that take turns, so that a short text need not wait for
/// the whole of a long list.
final class LoadedEncoder: Sendable {
    let id: String
    let engine: EmbeddingEngine
    /// Requests at the same time; one more is refused.
    private let requestsMax: Int
    private let requests = Atomic<Int>(0)
    /// The queue on which texts are tokenized and the engine is released.
    private let queue: DispatchQueue
    /// Where passes are computed, one after another.
    private let passes: DispatchQueue

    init(id: String, engine: EmbeddingEngine, requestsMax: Int, queue: DispatchQueue) {
        (self.id, self.engine, self.requestsMax, self.queue) = (id, engine, requestsMax, queue)
        passes = DispatchQueue(label: "embeddings-\(id)")
    }

    /// The last reference may go in a task, and letting go of an engine waits for its threads.
    deinit {
        let engine = engine
        queue.async { withExtendedLifetime(engine) {} }
    }

    /// One vector for each text, in order, and the tokens of all texts. Ends before its next pass when the task is
    /// cancelled or the call's time is up.
    func embed(_ texts: [String], _ truncation: TextTruncation, _ call: Call) async throws -> ([[Float]], Int) {
        guard requests.wrappingAdd(1, ordering: .relaxed).newValue <= requestsMax else {
            requests.wrappingSubtract(1, ordering: .relaxed)
            throw ProviderError(
                .queueFull, "\(requestsMax) requests for embeddings are under way", retryAfterSeconds: 1)
        }
        defer { requests.wrappingSubtract(1, ordering: .relaxed) }
        let start = ContinuousClock.now
        let engine = engine
        let tokens = try await queue.run { try Self.tokens(of: texts, truncation, engine) }
        var embeddings: [[Float]] = []
        for pass in EmbeddingEngine.passes(tokens.map(\.count)) {
            try Task.checkCancellation()
            if let deadline = call.deadline, deadline < .now {
                throw ProviderError(.providerTimeout, "the call's time was up before all texts were embedded")
            }
            embeddings += try await passes.run { try Self.embed(tokens[pass], engine) }
        }
        let count = tokens.reduce(0) { $0 + $1.count }
        report(texts: texts.count, tokens: count, .now - start, call)
        return (embeddings, count)
    }

    private static func tokens(
        of texts: [String], _ truncation: TextTruncation, _ engine: EmbeddingEngine
    ) throws -> [[Int32]] {
        try texts.enumerated().map { index, text in
            let encoding = engine.tokens(of: text, keeping: truncation == .start ? .end : .start)
            guard !encoding.isTruncated || truncation != .none else {
                let limit = engine.model.configuration.tokensMax
                throw ProviderError(
                    .contextLengthExceeded,
                    "contents[\(index)] has more than the \(limit) tokens that this model takes, its two marks among them; "
                        + "shorten it, or let text_truncation cut off its \"end\" or its \"start\"",
                    field: "contents[\(index)]")
            }
            return encoding.tokens
        }
    }

    private static func embed(_ tokens: ArraySlice<[Int32]>, _ engine: EmbeddingEngine) throws -> [[Float]] {
        let embeddings: [[Float]]
        do {
            embeddings = try engine.embed(tokens)
        } catch {
            throw ProviderError(GenerationError(error), promptField: "contents")
        }
        guard embeddings.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw ProviderError(.internal, "the model made a vector that is not finite; its weights are damaged")
        }
        return embeddings
    }

    private func report(texts: Int, tokens: Int, _ duration: Duration, _ call: Call) {
        let labels = ["model": id]
        call.log.debug(
            "embeddings",
            ["model": id, "texts": "\(texts)", "tokens": "\(tokens)", "milliseconds": milliseconds(duration).shown])
        call.metrics.count("embedding_requests_total", labels)
        call.metrics.count("embedded_texts_total", by: Double(texts), labels)
        call.metrics.count("embedded_tokens_total", by: Double(tokens), labels)
        call.metrics.record("embedding_seconds", duration / .seconds(1), labels)
    }
}

extension LoadedEncoder {
    /// Throws a `ProviderError` that names the file and what is wrong with it.
    static func load(
        id: String, path: String, options: Generation.Options, queue: DispatchQueue, log: Log
    ) async throws -> LoadedEncoder {
        let start = ContinuousClock.now
        let engine: EmbeddingEngine
        do {
            engine = try await queue.run {
                let model = try EncoderModel(
                    folder: EncoderFolder(path: path), precision: options.precision, threads: options.threads)
                return try EmbeddingEngine(model: model, threads: options.threads)
            }
        } catch {
            throw ProviderError(loading: path, error)
        }
        let model = engine.model
        log.info(
            "embedding model \(id) is ready",
            [
                "model": id, "path": path, "parameters": "\(model.parameters)", "bytes": "\(model.fileBytes)",
                "dimension": "\(model.configuration.hidden)", "tokens_max": "\(model.configuration.tokensMax)",
                "threads": "\(engine.threads)", "instructions": InstructionSet.name,
                "load_milliseconds": milliseconds(.now - start).shown,
            ])
        return LoadedEncoder(
            id: id, engine: engine, requestsMax: options.runningMax + options.waitingMax, queue: queue)
    }
}
