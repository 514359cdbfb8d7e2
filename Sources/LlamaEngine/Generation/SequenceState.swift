import Grammars

/// A request on its way through the scheduler. Made by `submit`, then touched by the scheduler's thread alone.
final class SequenceState: @unchecked Sendable {
    /// Requests are numbered as they come: of two, the older has the lower.
    let number: UInt64
    let promptTokens: Int
    /// The request's `tokensMax`, or what the context leaves.
    let tokensMax: Int
    let stopTokens: Set<Int32>
    let deadline: ContinuousClock.Instant?
    let adapter: Adapter?
    let sink: Generation.Sink
    let prefixKey: PrefixKey
    /// The tokens whose log probabilities are wanted, in place of an answer; none where there is to be one.
    let targets: [Int32]
    var targetsDone = 0

    /// The prompt and the answer so far.
    private(set) var tokens: [Int32]
    var sampler: Sampler
    /// Nil where every token may come.
    var grammar: AnswerGrammar?
    /// While one of several literals is to follow, and which is not known yet.
    private var choice: LiteralChoice?
    /// While that choice is how the answer begins.
    private var opening: OpeningChoice?
    var lookup = LookupDraft()
    /// Where the engine has a model to draft with.
    var byModel = DraftModel.State()
    /// Whether the last draft was what the grammar forces.
    var isDraftForced = false
    /// Tokens sampled, a stop token included.
    var generatedTokens = 0
    /// Tokens of the prompt whose keys and values another request had computed.
    var cachedTokens = 0
    var isPaused = false
    /// The keys and values of the first `cache.count` tokens. Nil while the sequence waits; what it has said by then
    /// stays in `tokens` and is computed again.
    var cache: KVCache?

    init(
        number: UInt64, _ request: Generation.Request, tokensMax: Int, vocabulary: Int, sink: @escaping Generation.Sink
    ) {
        self.number = number
        self.tokensMax = tokensMax
        self.sink = sink
        promptTokens = request.prompt.count
        targets = request.prompt.suffix(request.scoredTokens)
        stopTokens = request.stopTokens
        deadline = request.deadline
        prefixKey = PrefixKey(owner: request.owner, adapter: request.adapter?.identity)
        // Nothing is asked about what follows the last token that is scored.
        tokens = targets.isEmpty ? request.prompt : request.prompt.dropLast()
        adapter = request.adapter
        sampler = Sampler(request.sampling, prompt: request.prompt)
        grammar = request.grammar.map {
            AnswerGrammar($0, stopTokens: request.stopTokens, vocabulary: vocabulary)
        }
        if let opening = request.opening, grammar != nil, sampler.isGreedy, !opening.literals.isEmpty {
            self.opening = opening
            choice = LiteralChoice(
                opening.literals,
                bound: LiteralChoice.Bound(sharedBytes: opening.sharedBytes, logprobMin: opening.logprobMin))
        }
    }

    /// How many tokens have not gone through the model; one, once the answer has begun.
    var pendingTokens: Int { tokens.count - (cache?.count ?? 0) }

    /// The next `count` tokens that have to go through the model, and a draft of what comes after them.
    func pending(_ count: Int, draft: ArraySlice<Int32>) -> ArraySlice<Int32> {
        // A single token in an array of its own: a slice that lives on would make the next `append` copy everything.
        count == 1 && pendingTokens == 1
            ? [tokens[tokens.count - 1]] + draft : tokens[(cache?.count ?? 0)...].prefix(count)
    }

    /// The tokens whose logits a choice of literals needs; empty where there is none. They are as few as the answer may
    /// still have, whatever memory there is.
    var path: ArraySlice<Int32> { choice?.path(limit: tokensMax - generatedTokens - 1) ?? [] }

    /// Makes sure that of several literals the likeliest is the only one to follow, or none where one of them may begin
    /// the answer and none is likely enough.
    ///
    /// - Parameter rows: the logits in front of each token of `draft`, and behind the last.
    /// - Returns: false where that takes another pass.
    func settleChoice(_ draft: ArraySlice<Int32>, _ rows: UnsafeBufferPointer<Float>) -> Bool {
        guard sampler.isGreedy, grammar != nil else { return true }
        let isAsked = choice != nil && draft == path
        if choice == nil, let literals = grammar?.literals, !literals.isEmpty { choice = LiteralChoice(literals) }
        guard var search = choice else { return true }
        choice = nil
        guard search.learn(draft, rows, isAsked: isAsked) else {
            choice = search
            return false
        }
        guard let opening else {
            grammar?.keep(search.chosen)
            return true
        }
        self.opening = nil
        if search.isLikelyEnough {
            grammar?.keep(opening.opened)
        } else if search.isMeantFromFirstToken {
            // Other text may begin with the same token, such as JSON that is no call: only what leads on is barred.
            grammar?.bar(opening.openings)
        }
        return true
    }

    /// The next token by the logits of its row: one that the grammar allows.
    func next(_ logits: UnsafeBufferPointer<Float>) -> Generation.Token? {
        guard let mask = grammar?.allowed() else { return sampler.next(logits) }
        return sampler.next(logits, among: mask)
    }

    /// A token that was sampled, and allowed by the grammar.
    func append(_ token: Int32) {
        tokens.append(token)
        _ = grammar?.advance(token)
    }

    /// Learns from a draft, from the text or a model: the first `accepted` of `drafted` tokens were right.
    func learn(drafted: Int, accepted: Int) {
        if isDraftForced {
            grammar?.length.learn(drafted: drafted, accepted: accepted)
            return
        }
        lookup.learn(drafted: drafted, accepted: accepted)
        byModel.length.learn(drafted: drafted, accepted: accepted)
    }

    /// Whether `other`, if it computes its next tokens now, will have what this one needs next.
    func isAnticipated(by other: SequenceState) -> Bool {
        guard let start = cache?.count, start == other.cache?.count, prefixKey == other.prefixKey else { return false }
        let wanted = start + PrefixTree.copiedTokensMin
        return min(tokensToShare, other.tokens.count) > wanted && tokens[..<wanted] == other.tokens[..<wanted]
    }

    func finish(_ reason: Generation.StopReason) {
        end(
            .finished(
                Generation.Finish(
                    reason: reason, promptTokens: promptTokens, generatedTokens: generatedTokens,
                    cachedTokens: cachedTokens)))
    }

    func end(_ event: Generation.Event) {
        _ = sink(event)
    }
}
