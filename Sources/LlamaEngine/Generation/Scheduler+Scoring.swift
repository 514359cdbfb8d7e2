import CKernels

// Sequences that are not continued: some tokens of a text are given, and what is wanted is how probable they are. They
// go through the same passes as prompts do, so what they share with others is computed once, and a token's value is the
// same to the last bit whatever is computed beside it.

extension SequenceState {
    /// The most rows of one sequence in a pass whose logits are wanted: they take four bytes a row and token of the
    /// vocabulary.
    private static let scoredRowsMax = 64

    var isScored: Bool { !targets.isEmpty }

    /// The position of the row whose logits say how probable the next target is.
    var firstRowWanted: Int { promptTokens - targets.count - 1 + targetsDone }

    /// The tokens whose keys and values may come from another sequence: all where the last one's logits are wanted.
    var sharedTokens: [Int32] { isScored ? Array(tokens[..<tokensToShare]) : tokens }

    var tokensToShare: Int { isScored ? min(tokens.count, firstRowWanted + 1) : tokens.count }

    var tokensInPassMax: Int {
        guard isScored, let cache else { return .max }
        return max(0, firstRowWanted - cache.count) + Self.scoredRowsMax
    }

    /// Which logits are wanted of its next `count` tokens.
    func scoredRows(_ count: Int) -> Decoder.Segment.Logits {
        let end = (cache?.count ?? 0) + count
        return end > firstRowWanted ? .tail(end - firstRowWanted) : .none
    }
}

extension Scheduler {
    /// For any thread. As `admissible`, of a request whose last tokens are scored.
    func admissible(scoring request: Generation.Request) throws(GenerationError) -> Int {
        let (count, scored) = (request.prompt.count, request.scoredTokens)
        guard scored > 0, scored < count else {
            throw .invalidParameter(
                name: "scored_tokens", reason: "must be in 1..<\(count), the prompt's tokens, got \(scored)")
        }
        guard count <= contextTokens else {
            throw .contextLengthExceeded(limit: contextTokens, promptTokens: count, requested: 0)
        }
        try requireFit(request)
        guard pages.pagesMax == .max || count <= pages.pagesMax * KVLayout.positions + 1 else {
            throw .cacheTooSmall(
                limit: pages.pagesMax * KVLayout.positions + 1, promptTokens: count, requested: 0)
        }
        return 0
    }

    /// Sends the log probabilities of the targets that a part's rows are followed by.
    func score(_ part: Part, _ rows: UnsafeBufferPointer<Float>) {
        let sequence = part.sequence
        for row in 0..<part.segment.logitRows {
            let position = sequence.firstRowWanted
            let target = sequence.targets[sequence.targetsDone]
            let logits = UnsafeBufferPointer(rebasing: rows[row * vocabulary..<(row + 1) * vocabulary])
            let logprob: Double
            do { logprob = try logProbability(of: target, in: logits, at: position) } catch {
                return end(sequence.number) { $0.end(.failed(error)) }
            }
            sequence.targetsDone += 1
            switch sequence.sink(.token(Generation.Token(id: target, logprob: Float(logprob)))) {
            case .more: break
            case .closed: return end(sequence.number) { $0.finish(.cancelled) }
            case .pause: sequence.isPaused = true
            }
            if sequence.targetsDone == sequence.targets.count {
                return end(sequence.number) { $0.finish(.complete) }
            }
            if sequence.isPaused {
                // The rows that follow are computed again.
                sequence.cache?.truncate(to: position + 1)
                return
            }
        }
    }
}

/// ln softmax(logits)[token]
func logProbability(
    of token: Int32, in logits: UnsafeBufferPointer<Float>, at position: Int
) throws(GenerationError) -> Double {
    let value = logits[Int(token)] - lk_logsumexp(logits.baseAddress, logits.count)
    guard value.isFinite else { throw .invalidLogits(position: position) }
    return Double(value)
}
