/// What a step computes, and what comes of it.
extension Scheduler {
    /// A sequence's part in a pass.
    struct Part {
        let sequence: SequenceState
        let segment: Decoder.Segment
    }

    /// One pass: a token for each sequence that generates, and the next part of some prompts.
    func step() {
        takeSharedPrefixes()
        var batch: [Part] = []
        // The oldest first: whoever takes memory from others takes it from those that are not in the batch yet.
        for (sequence, wanted) in plan().sorted(by: { $0.0.number < $1.0.number }) {
            let count = makeRoom(for: sequence, wanted)
            guard count > 0, let cache = sequence.cache else { continue }
            let segment = Decoder.Segment(
                tokens: sequence.pending(count), cache: cache,
                logits: count == sequence.pendingTokens ? .last : .none, adapter: sequence.adapter)
            batch.append(Part(sequence: sequence, segment: segment))
        }
        guard !batch.isEmpty else { return }
        do {
            let logits = try decoder.run(batch.map(\.segment))
            deliver(batch, logits)
        } catch {
            for part in batch { end(part.sequence.number) { $0.end(.failed(error)) } }
        }
    }

    /// Which sequences take part in the next step, each with how many of its tokens.
    private func plan() -> [(SequenceState, Int)] {
        let ready = running.filter { !$0.isPaused }
        var plan = ready.filter { $0.pendingTokens == 1 }.map { ($0, 1) }
        var left = options.prefillTokensMax
        for sequence in inTurn(ready.filter { $0.pendingTokens > 1 }) where left > 0 {
            // Two that begin alike and came together: the second has it from the first in the next step.
            if prefixes != nil, plan.contains(where: { sequence.isAnticipated(by: $0.0) }) { continue }
            let count = min(left, sequence.pendingTokens)
            plan.append((sequence, count))
            left -= count
        }
        return plan
    }

    /// Prompts in the order in which they are read: by turns the oldest first, and the one first that is soonest read. So a
    /// short prompt need not wait for a long one's end, and a long one gets at least every other step, however many short
    /// ones come. Prompts of one length are read one after the other, which starts their answers sooner than reading them
    /// side by side.
    private func inTurn(_ prompts: [SequenceState]) -> [SequenceState] {
        guard prompts.count > 1 else { return prompts }
        favoursOldest.toggle()
        guard favoursOldest else { return prompts.sorted { $0.pendingTokens < $1.pendingTokens } }
        return prompts
    }

    /// Samples from the pass's logits and sends the tokens.
    private func deliver(_ batch: [Part], _ logits: UnsafeBufferPointer<Float>) {
        // Counted before any sink hears of it: whoever reads the count at a last event finds its own tokens in it.
        let computed = batch.reduce(0) { $0 + $1.segment.tokens.count }
        count { $0.tokensComputed += computed }
        var row = 0
        for part in batch where part.segment.logitRows > 0 {
            let own = UnsafeBufferPointer(rebasing: logits[row * vocabulary..<(row + 1) * vocabulary])
            row += 1
            continueSequence(part.sequence, with: part.sequence.sampler.next(own))
        }
        guard let prefixes else { return }
        for part in batch {
            guard let cache = part.sequence.cache else { continue }
            prefixes.note(cache, part.sequence.tokens, part.sequence.prefixKey)
        }
    }

    private func continueSequence(_ sequence: SequenceState, with token: Generation.Token?) {
        guard let token else {
            let position = sequence.promptTokens + sequence.generatedTokens - 1
            return end(sequence.number) { $0.end(.failed(.invalidLogits(position: position))) }
        }
        sequence.generatedTokens += 1
        if sequence.stopTokens.contains(token.id) {
            return end(sequence.number) { $0.finish(.stop(token: token.id)) }
        }
        sequence.append(token.id)
        let flow = sequence.sink(.token(token))
        if flow == .closed {
            end(sequence.number) { $0.finish(.cancelled) }
        } else if sequence.generatedTokens == sequence.tokensMax {
            end(sequence.number) { $0.finish(.length) }
        } else {
            sequence.isPaused = flow == .pause
        }
    }
}
