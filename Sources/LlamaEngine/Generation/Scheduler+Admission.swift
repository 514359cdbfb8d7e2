/// Who gets memory. Pages are taken as sequences grow; nothing is set aside for what an answer may become. When they
/// run out, a sequence takes those of others: first of paused ones, then of younger ones, the youngest first.
///
/// No sequence waits for ever: the oldest one that is not paused can take every other's pages, and `admissible` made
/// sure that all pages are enough for it. So it goes on in every step until it ends, and then another is the oldest.
/// While memory is short around the engine, pages run out sooner, and the oldest alone gets more.
extension Scheduler {
    /// For any thread. What could never fit is refused here, before it waits.
    /// - Returns: how many tokens the request may generate.
    func admissible(_ request: Generation.Request) throws(GenerationError) -> Int {
        if request.scoredTokens != 0 { return try admissible(scoring: request) }
        try request.sampling.validate()
        let (prompt, requested) = (request.prompt.count, request.tokensMax)
        guard requested >= 0 else {
            throw .invalidParameter(name: "max_tokens", reason: "must be 0 or more, got \(requested)")
        }
        guard prompt > 0 else { throw .emptyPrompt }
        // An answer of no set length needs room for one token at least.
        guard prompt < contextTokens, requested <= contextTokens - prompt else {
            throw .contextLengthExceeded(limit: contextTokens, promptTokens: prompt, requested: requested)
        }
        try requireFit(request)
        if let grammar = request.grammar, grammar.vocabulary.vocabulary > vocabulary {
            throw .invalidParameter(name: "grammar", reason: "must have been made for this model, got one for another")
        }
        if let token = request.sampling.logitBias.keys.filter({ $0 < 0 || Int($0) >= vocabulary }).min() {
            throw .invalidParameter(
                name: "logit_bias", reason: "must be of this model's tokens, 0 to \(vocabulary - 1), got \(token)")
        }
        guard pages.pagesMax != .max else { return requested == 0 ? contextTokens - prompt : requested }
        // The last token sampled is never computed, hence one position more.
        let room = pages.pagesMax * KVLayout.positions + 1
        guard prompt < room, requested <= room - prompt else {
            throw .cacheTooSmall(limit: room, promptTokens: prompt, requested: requested)
        }
        return requested == 0 ? min(contextTokens, room) - prompt : requested
    }

    /// The adapter and the tokens are this model's.
    func requireFit(_ request: Generation.Request) throws(GenerationError) {
        if let adapter = request.adapter, !adapter.fits(decoder.model.configuration) {
            throw .invalidParameter(name: "adapter", reason: "must have been made for this model, got one for another")
        }
        if let index = request.prompt.firstIndex(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw .tokenOutOfRange(id: request.prompt[index], index: index, vocabulary: vocabulary)
        }
    }

    /// Whether `admit` would start a sequence though none that runs can go on.
    var canAdmit: Bool { running.count < options.runningMax && waiting.contains { !$0.isPaused } }

    /// Gives places to those that wait, in their order. One that must wait for memory holds up those behind it, so that
    /// a long request is not overtaken for ever.
    func admit() {
        while running.count < options.runningMax, let index = waiting.firstIndex(where: { !$0.isPaused }) {
            // With all memory to itself, any request that was taken in can start.
            if running.isEmpty || pagesToStart(waiting[index]) <= pages.pagesFree {
                let next = waiting.remove(at: index)
                next.cache = KVCache(pool: pages)
                running.insert(inOrder: next)
            } else if running.allSatisfy(\.isPaused), let victim = running.last {
                preempt(victim)
            } else {
                return
            }
        }
    }

    /// Pages for all that has to be computed before the next token, and one for every four sequences that run, so that
    /// a new one is not pre-empted as soon as those before it grow.
    private func pagesToStart(_ sequence: SequenceState) -> Int {
        let growing = running.count { !$0.isPaused }
        let shared = prefixes?.pagesShared(sequence.tokens, sequence.prefixKey) ?? 0
        return (sequence.tokens.count + KVLayout.positions - 1) / KVLayout.positions - shared + (growing + 3) / 4
    }

    /// Makes room for the sequence's next tokens, up to `wanted`, at the cost of others if need be.
    /// - Returns: for how many there is room now. 0: the sequence waits in its place, with what it has.
    func makeRoom(for sequence: SequenceState, _ wanted: Int) -> Int {
        guard let cache = sequence.cache else { return 0 }
        while true {
            do {
                try cache.reserve(wanted)
                return wanted
            } catch {
                guard let victim = victim(of: sequence) else {
                    if cache.room == 0, sequence === running.first(where: { !$0.isPaused }) {
                        if shortage != .exhausted, pages.allowOneMore() { continue }
                        // No other sequence has pages to give up, and the system has no more.
                        end(sequence.number) { $0.end(.failed(GenerationError(error))) }
                    }
                    return min(wanted, cache.room)
                }
                preempt(victim)
            }
        }
    }

    private func victim(of sequence: SequenceState) -> SequenceState? {
        let others = running.filter { $0 !== sequence && $0.cache?.pages.isEmpty == false }
        return others.last(where: \.isPaused) ?? others.last { $0.number > sequence.number }
    }

    /// Takes a sequence's memory and its place. It waits for its turn to compute its prompt and what it has said again;
    /// its sampler goes on where it was, so its answer is the same.
    private func preempt(_ sequence: SequenceState) {
        running.removeAll { $0 === sequence }
        releaseMemory(of: sequence)
        waiting.insert(inOrder: sequence)
        count { $0.preemptions += 1 }
    }
}

extension Scheduler {
    /// Gives a sequence's pages back, now, and remembers what they hold.
    func releaseMemory(of sequence: SequenceState) {
        draftModel?.leave(&sequence.byModel, sequence.tokens, of: sequence.prefixKey.owner)
        guard let cache = sequence.cache else { return }
        if let prefixes {
            // The token sampled last may have no entry yet, or that of a rejected draft.
            cache.truncate(to: sequence.tokens.count - 1)
            prefixes.leave(cache, sequence.tokens, sequence.prefixKey)
            pages.noteEnd(pages: cache.pages.count)
        }
        cache.truncate(to: 0)
        sequence.cache = nil
    }

    /// Takes from pages that are known what the prompts that are being read need next.
    func takeSharedPrefixes() {
        guard let prefixes else { return }
        for sequence in running where !sequence.isPaused && sequence.pendingTokens > 1 {
            guard let cache = sequence.cache else { continue }
            let shared = prefixes.extend(cache, with: sequence.sharedTokens, sequence.prefixKey)
            guard shared > 0 else { continue }
            if sequence.generatedTokens == 0 {
                sequence.cachedTokens = min(sequence.cachedTokens + shared, sequence.promptTokens)
            }
            count { $0.tokensShared += shared }
        }
    }
}

extension Scheduler {
    func adapt(to shortage: Generation.MemoryShortage) {
        if shortage == .none {
            pages.grow()
            draftModel?.adapt(toShortage: false)
        } else if self.shortage == .none {
            pages.shrink()
            for sequence in running { sequence.byModel.forget() }
            draftModel?.adapt(toShortage: true)
        }
        self.shortage = shortage
    }
}

extension [SequenceState] {
    fileprivate mutating func insert(inOrder sequence: SequenceState) {
        insert(sequence, at: firstIndex { $0.number > sequence.number } ?? endIndex)
    }
}
