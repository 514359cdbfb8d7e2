/// One step: its computation and its results.
extension Scheduler {
    /// A sequence's part in a pass.
    struct Part {
        let sequence: SequenceState
        let segment: Decoder.Segment
        /// The last tokens of the segment that have not been sampled yet.
        let draft: ArraySlice<Int32>
        /// Whether the draft is for a choice of literals.
        let isPath: Bool
    }

    /// One pass: a token for each sequence that generates, and the next part of some prompts.
    func step() {
        takeSharedPrefixes()
        var batch: [Part] = []
        let plan = plan()
        let sampling = plan.count { $0.0.pendingTokens == $0.1 }
        // The oldest first, so that memory is taken only from sequences that are not in the batch yet.
        for (sequence, wanted) in plan.sorted(by: { $0.0.number < $1.0.number }) {
            let count = makeRoom(for: sequence, wanted)
            guard count > 0, let cache = sequence.cache else { continue }
            let isLast = count == sequence.pendingTokens
            let path = isLast && count == 1 ? sequence.path : []
            // What is chosen must not hang on how much memory others leave.
            guard path.isEmpty || makeRoom(for: sequence, 1 + path.count) > path.count else { continue }
            let draft = !path.isEmpty ? path : isLast && count == 1 ? draft(for: sequence, beside: sampling) : []
            let logits = sequence.isScored ? sequence.scoredRows(count) : !draft.isEmpty ? .all : isLast ? .last : .none
            let segment = Decoder.Segment(
                tokens: sequence.pending(count, draft: draft), cache: cache, logits: logits, adapter: sequence.adapter)
            batch.append(Part(sequence: sequence, segment: segment, draft: draft, isPath: !path.isEmpty))
        }
        guard !batch.isEmpty else { return }
        do {
            let logits = try decoder.run(batch.map(\.segment))
            deliver(batch, logits)
        } catch {
            for part in batch { end(part.sequence.number) { $0.end(.failed(GenerationError(error))) } }
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
            let count = min(left, sequence.pendingTokens, sequence.tokensInPassMax)
            plan.append((sequence, count))
            left -= count
        }
        return plan
    }

    /// Prompts in the order in which they are read: by turns the oldest first, and the one first that is soonest read.
    /// So a short prompt need not wait for a long one's end, and a long one gets at least every other step, however
    /// many short ones come. Prompts of one length are read one after the other, which starts their answers sooner than
    /// reading them side by side.
    private func inTurn(_ prompts: [SequenceState]) -> [SequenceState] {
        guard prompts.count > 1 else { return prompts }
        favoursOldest.toggle()
        guard favoursOldest else { return prompts.sorted { $0.pendingTokens < $1.pendingTokens } }
        return prompts
    }

    /// A guess at the sequence's next tokens, as far as they are worth computing and there is room without taking it
    /// from others.
    private func draft(for sequence: SequenceState, beside sequences: Int) -> ArraySlice<Int32> {
        guard options.speculation == .lookup, let cache = sequence.cache, sequence.generatedTokens > 0 else {
            return []
        }
        let limit = sequence.tokensMax - sequence.generatedTokens - 1
        let draft = guess(sequence, limit: limit, beside: sequences)
        if cache.room < 1 + draft.count, pages.pagesFree > 0 { try? cache.reserve(1 + draft.count) }
        return draft.prefix(cache.room - 1)
    }

    /// Tokens that a grammar forces are surer than those of the text or another model, of which those that do not fit
    /// are left out.
    private func guess(_ sequence: SequenceState, limit: Int, beside sequences: Int) -> ArraySlice<Int32> {
        guard let grammar = sequence.grammar else {
            return guessFreely(sequence, limit: limit, beside: sequences)
        }
        let forced = grammar.forced(limit: min(limit, grammar.length.worthwhile(sequences: sequences)))
        sequence.isDraftForced = !forced.isEmpty
        return forced.isEmpty ? grammar.fitting(guessFreely(sequence, limit: limit, beside: sequences)) : forced
    }

    private func guessFreely(_ sequence: SequenceState, limit: Int, beside sequences: Int) -> ArraySlice<Int32> {
        guard let draftModel else { return sequence.lookup.next(sequence.tokens, limit: limit, sequences: sequences) }
        guard shortage == .none else { return [] }
        return draftModel.next(
            sequence.tokens, of: sequence.prefixKey.owner, &sequence.byModel, limit: limit, sequences: sequences)[...]
    }

    /// Samples from the pass's logits and sends the tokens.
    private func deliver(_ batch: [Part], _ logits: UnsafeBufferPointer<Float>) {
        // Counted before any sink is called, so that the count read at a last event includes its own tokens.
        let drafted = batch.reduce(0) { $0 + $1.draft.count }
        let computed = batch.reduce(0) { $0 + $1.segment.tokens.count } - drafted
        count { load in
            load.tokensComputed += computed
            load.tokensDrafted += drafted
        }
        var row = 0
        for part in batch where part.segment.logitRows > 0 {
            let rows = UnsafeBufferPointer(
                rebasing: logits[row * vocabulary..<(row + part.segment.logitRows) * vocabulary])
            row += part.segment.logitRows
            if part.sequence.isScored { score(part, rows) } else { sample(part, rows) }
        }
        guard let prefixes else { return }
        for part in batch {
            guard let cache = part.sequence.cache else { continue }
            prefixes.note(cache, part.sequence.tokens, part.sequence.prefixKey)
        }
    }

    /// Samples a part's rows one after the other, for as long as the draft is what was sampled: each row is then
    /// computed from the very tokens that the sequence has, and its sampler draws as often as without a draft.
    private func sample(_ part: Part, _ rows: UnsafeBufferPointer<Float>) {
        let sequence = part.sequence
        var accepted = 0
        while true {
            let left = part.draft.dropFirst(accepted)
            guard sequence.settleChoice(left, UnsafeBufferPointer(rebasing: rows[(accepted * vocabulary)...])) else {
                // The row is computed again, before those that follow it.
                sequence.cache?.truncate(to: sequence.tokens.count - 1)
                return
            }
            let row = UnsafeBufferPointer(rebasing: rows[accepted * vocabulary..<(accepted + 1) * vocabulary])
            let token = sequence.next(row)
            if part.draft.isEmpty, let token { sequence.lookup.learn(sampled: token.id) }
            let isRight = accepted < part.draft.count && token?.id == part.draft[part.draft.startIndex + accepted]
            continueSequence(sequence, with: token)
            guard isRight, !sequence.isPaused, sequence.cache != nil else {
                // When a draft token was right but came last, because of a pause, its next row is not used.
                if !part.isPath { sequence.learn(drafted: part.draft.count, accepted: accepted + (isRight ? 1 : 0)) }
                break
            }
            accepted += 1
            count { load in
                load.tokensComputed += 1
                load.tokensAccepted += 1
            }
        }
        if !part.draft.isEmpty { sequence.cache?.truncate(to: sequence.tokens.count - 1) }
    }

    private func continueSequence(_ sequence: SequenceState, with token: Generation.Token?) {
        guard let token else {
            let position = sequence.promptTokens + sequence.generatedTokens - 1
            let isStuck = sequence.grammar?.isStuck == true
            let error: GenerationError =
                isStuck ? .noTokenFits(position: position + 1) : .invalidLogits(position: position)
            return end(sequence.number) { $0.end(.failed(error)) }
        }
        sequence.generatedTokens += 1
        if sequence.stopTokens.contains(token.id) {
            return end(sequence.number) { $0.finish(.stop(token: token.id)) }
        }
        sequence.append(token.id)
        let flow = sequence.sink(.token(token))
        if flow == .closed {
            end(sequence.number) { $0.finish(.cancelled) }
        } else if sequence.grammar?.isComplete == true {
            end(sequence.number) { $0.finish(.complete) }
        } else if sequence.generatedTokens == sequence.tokensMax {
            end(sequence.number) { $0.finish(.length) }
        } else {
            sequence.isPaused = flow == .pause
        }
    }
}
