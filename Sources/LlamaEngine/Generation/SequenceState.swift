/// A request on its way through the scheduler. Made by `submit`, then touched by the scheduler's thread alone.
final class SequenceState: @unchecked Sendable {
    let number: UInt64
    let promptTokens: Int
    /// The request's `tokensMax`, or what the context leaves.
    let tokensMax: Int
    let stopTokens: Set<Int32>
    let deadline: ContinuousClock.Instant?
    let adapter: Adapter?
    let sink: Generation.Sink

    /// Tokens that have not gone through the model yet: the rest of the prompt, or the token sampled last.
    var pending: ArraySlice<Int32>
    var sampler: Sampler
    var generatedTokens = 0
    var isPaused = false
    /// Set on admission.
    var cache: KVCache?

    init(number: UInt64, _ request: Generation.Request, tokensMax: Int, sink: @escaping Generation.Sink) {
        self.number = number
        self.tokensMax = tokensMax
        self.sink = sink
        promptTokens = request.prompt.count
        stopTokens = request.stopTokens
        deadline = request.deadline
        adapter = request.adapter
        pending = request.prompt[...]
        sampler = Sampler(request.sampling)
    }

    /// Pages that the sequence takes at its longest. The last token sampled is never computed, hence one position less.
    var pagesMax: Int {
        (promptTokens + tokensMax - 1 + KVLayout.positions - 1) / KVLayout.positions
    }

    var isInPrompt: Bool { generatedTokens == 0 }

    func finish(_ reason: Generation.StopReason) {
        end(
            .finished(
                Generation.Finish(reason: reason, promptTokens: promptTokens, generatedTokens: generatedTokens)))
    }

    func end(_ event: Generation.Event) {
        _ = sink(event)
    }
}
