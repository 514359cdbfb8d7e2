import LlamaEngine
import ProviderKit

/// An answer that is whole before its engine ends it.
struct EndOfAnswer: Error {
    /// The tokens that came after its end, of those that were received last.
    var tokensUnused = 0
}

/// One request on its way through an engine: hands its tokens on as they come, ends it when they are no longer wanted,
/// and reports what it took.
struct GenerationRun: Sendable {
    let model: LoadedModel
    let call: Call
    let request: Generation.Request
    /// The field of the call's body that the prompt was made of, for errors.
    let promptField: String
    /// How to tell a caller whose answer is silent that the engine works; nil for one that does not hear it.
    var progress: ProgressWatch?

    /// Calls `receive` with the tokens since its last call until the answer is complete; with none to tell
    /// ``progress``.
    ///
    /// When the task is cancelled, or `receive` throws, the engine stops working on the request before its next token,
    /// and this returns after that. `receive` may throw ``EndOfAnswer``: then the answer is complete as it is. Throws
    /// what `receive` threw, `CancellationError`, or a `ProviderError`.
    func generate(_ receive: ([Generation.Token]) async throws -> Void) async throws -> Generation.Finish {
        var record = Record(promptTokens: request.prompt.count)
        do {
            let finish = try await drive(&record, receive)
            report(record, finish.reason == .length ? "length" : "stop")
            return finish
        } catch {
            report(record, error is CancellationError ? "cancelled" : "failed")
            throw error
        }
    }

    private struct Record {
        let promptTokens: Int
        let start = ContinuousClock.now
        var first: ContinuousClock.Instant?
        var last: ContinuousClock.Instant?
        var generatedTokens = 0

        init(promptTokens: Int) { self.promptTokens = promptTokens }

        mutating func note(_ count: Int) {
            last = .now
            if first == nil { first = last }
            generatedTokens += count
        }
    }

    private func drive(
        _ record: inout Record, _ receive: ([Generation.Token]) async throws -> Void
    ) async throws -> Generation.Finish {
        try Task.checkCancellation()
        let queue = TokenQueue(tokensMax: max(TokenQueue.tokensMax, request.scoredTokens + 1))
        let handle = try submit(queue)
        let watching = progress.map { watch in Task { await watch.run(queue) { model.engine.load.tokensComputed } } }
        defer { watching?.cancel() }
        return try await withTaskCancellationHandler {
            var failure: (any Error)?
            func pass(_ tokens: [Generation.Token]) async {
                guard failure == nil else { return }
                do {
                    try await receive(tokens)
                } catch {
                    record.generatedTokens -= (error as? EndOfAnswer)?.tokensUnused ?? 0
                    failure = error
                    model.engine.cancel(handle)
                }
            }
            while true {
                switch await queue.next() {
                case .tokens(let tokens, let isPaused):
                    if !(failure is EndOfAnswer) { record.note(tokens.count) }
                    if isPaused { model.engine.resume(handle) }
                    await pass(tokens)
                case .progress: await pass([])
                case .stalled:
                    model.engine.cancel(handle)
                    throw ProviderError(.providerTimeout, "the engine of '\(model.id)' has stopped computing")
                case .finished(var finish):
                    if failure is EndOfAnswer {
                        (finish.reason, finish.generatedTokens) = (.complete, record.generatedTokens)
                        return finish
                    }
                    record.generatedTokens = finish.generatedTokens
                    if let failure { throw failure }
                    if finish.reason == .cancelled { throw CancellationError() }
                    return finish
                case .failed(let error):
                    throw failure ?? ProviderError(error, promptField: promptField)
                }
            }
        } onCancel: {
            model.engine.cancel(handle)
        }
    }

    /// The same run for another of several answers to its prompt.
    func with(_ sampling: Sampling) -> GenerationRun {
        var request = request
        request.sampling = sampling
        return GenerationRun(
            model: model, call: call, request: request, promptField: promptField, progress: progress)
    }

    private func submit(_ queue: TokenQueue) throws -> Generation.Handle {
        var request = request
        request.adapter = model.adapter
        do {
            return try model.engine.submit(request) { queue.put($0) }
        } catch {
            throw ProviderError(error, promptField: promptField)
        }
    }

    /// The counts of every request, also of one that was cancelled: `tokens_computed` is the engine's own.
    private func report(_ record: Record, _ outcome: String) {
        let load = model.engine.load
        let total = ContinuousClock.now - record.start
        var fields = [
            "model": model.id, "outcome": outcome, "prompt_tokens": "\(record.promptTokens)",
            "generated_tokens": "\(record.generatedTokens)", "tokens_computed": "\(load.tokensComputed)",
            "tokens_shared": "\(load.tokensShared)", "tokens_drafted": "\(load.tokensDrafted)",
            "tokens_accepted": "\(load.tokensAccepted)",
            "milliseconds": milliseconds(total).shown,
        ]
        let labels = ["model": model.id]
        let metrics = call.metrics
        if request.scoredTokens == 0, let first = record.first, let last = record.last {
            metrics.record("first_token_seconds", (first - record.start) / .seconds(1), labels)
            fields["first_token_milliseconds"] = milliseconds(first - record.start).shown
            let rate = Double(record.generatedTokens - 1) / max((last - first) / .seconds(1), 1e-9)
            if record.generatedTokens > 1 {
                metrics.record("tokens_per_second", rate, labels)
                fields["tokens_per_second"] = rate.shown
            }
        }
        call.log.debug("answer \(outcome)", fields)
        metrics.count("requests_total", ["model": model.id, "outcome": outcome])
        metrics.count("prompt_tokens_total", by: Double(record.promptTokens), labels)
        metrics.count("generated_tokens_total", by: Double(record.generatedTokens), labels)
        let owner = ["model": model.owner.id]
        metrics.count("computed_tokens_total", by: Double(model.tokensToCount(load)), owner)
        metrics.gauge("requests_running", Double(load.running), owner)
        metrics.gauge("requests_waiting", Double(load.waiting), owner)
        metrics.gauge("cache_bytes", Double(load.cacheBytes), owner)
        metrics.gauge("cache_idle_bytes", Double(load.idleCacheBytes), owner)
    }
}
