import Parallel

/// Guesses how sequences go on by asking a smaller model of the same vocabulary (speculative decoding, Leviathan et al.
/// 2022, arXiv:2211.17192): it says greedily what comes next, and the large model checks all of it in one pass. Each
/// row is sampled as it would be without, so answers are the same. On the engine's thread alone.
final class DraftModel {
    /// A sequence's state in the draft model.
    struct State {
        var length = DraftLength()
        /// Keys and values of what the draft model has read.
        fileprivate(set) var cache: KVCache?
        /// The last draft, and how many tokens the sequence had before it.
        fileprivate var draft: [Int32] = []
        fileprivate var before = 0
        fileprivate var unguessed = 0

        init() {}

        /// Frees them. They are computed again when they are needed.
        mutating func forget() { cache = nil }
    }

    private let decoder: Decoder
    private let pages: KVPagePool
    /// Finds what sequences have read, for others and for the next turn of a conversation; nil where sharing is off.
    private let prefixes: PrefixTree?
    private let cost: Double
    private let tokensReadMax: Int
    private var sampler = Sampler(Sampling())

    /// The number of tokens without a draft after which one is tried again, in case drafts have become accurate.
    private static let tokensUnguessedMax = 32

    /// - Parameters:
    ///   - pages: of the decoder's `cacheLayout`; at most as many as the large model has.
    ///   - sharesPrefixes: keeps what has been read for sequences that begin alike.
    ///   - cost: of one guess, as a share of a pass of the large model over one token.
    ///   - tokensReadMax: how much of a prompt is read in one step.
    init(decoder: Decoder, pages: KVPagePool, sharesPrefixes: Bool, cost: Double, tokensReadMax: Int) {
        (self.decoder, self.pages, self.cost, self.tokensReadMax) = (decoder, pages, cost, tokensReadMax)
        prefixes = sharesPrefixes ? PrefixTree(pool: pages) : nil
    }

    var cacheBytes: Int { pages.bytesInUse }
    var idleCacheBytes: Int { pages.bytesIdle }

    /// A draft of what follows `tokens`, of at most `limit` tokens; none where it would not pay, where memory is short,
    /// or while the prompt is still being read.
    ///
    /// - Parameter owner: whose tokens they are: others do not get what was read of them. An adapter makes no
    ///   difference, since the draft model reads without.
    func next(_ tokens: [Int32], of owner: String, _ state: inout State, limit: Int, sequences: Int) -> [Int32] {
        var count = min(limit, state.length.worthwhile(sequences: sequences, cost: cost))
        state.unguessed = count == 0 ? state.unguessed + 1 : 0
        if state.unguessed >= Self.tokensUnguessedMax { count = min(limit, 1) }
        guard count > 0, tokens.count + count <= decoder.model.configuration.contextTokens else { return [] }
        let key = PrefixKey(owner: owner, adapter: nil)
        let cache = cache(for: tokens, &state, key)
        forgetWhatWasWrong(tokens, state, cache)
        let pending = tokens[cache.count...].prefix(tokensReadMax)
        let isWhole = cache.count + pending.count == tokens.count
        (state.before, state.draft) = (tokens.count, [])
        do {
            var logits = try read(pending, cache, wantsLogits: isWhole)
            if pending.count >= PrefixTree.copiedTokensMin { prefixes?.note(cache, tokens, key) }
            while isWhole, let row = logits, let token = sampler.next(row)?.id {
                state.draft.append(token)
                if state.draft.count == count { break }
                logits = try read([token], cache, wantsLogits: true)
            }
        } catch {
            // No memory: what is there by now is the draft.
        }
        if !state.draft.isEmpty { state.unguessed = 0 }
        return state.draft
    }

    /// Gives back the memory of a sequence that ends or gives way, and remembers what it holds.
    func leave(_ state: inout State, _ tokens: [Int32], of owner: String) {
        guard let cache = state.cache else { return }
        if let prefixes {
            forgetWhatWasWrong(tokens, state, cache)
            prefixes.leave(cache, tokens, PrefixKey(owner: owner, adapter: nil))
            pages.noteEnd(pages: cache.pages.count)
        }
        state.forget()
    }

    /// Returns what no sequence uses to the system, and takes no more until memory is there again.
    func adapt(toShortage isShort: Bool) { isShort ? pages.shrink() : pages.grow() }

    /// The sequence's own, which begins with what another has left.
    private func cache(for tokens: [Int32], _ state: inout State, _ key: PrefixKey) -> KVCache {
        if let cache = state.cache { return cache }
        let cache = KVCache(pool: pages)
        _ = prefixes?.extend(cache, with: tokens, key)
        (state.cache, state.before, state.draft) = (cache, cache.count, [])
        return cache
    }

    /// The cache may hold tokens of the last draft that the sequence did not take. The last token is always read again:
    /// what follows it is wanted.
    private func forgetWhatWasWrong(_ tokens: [Int32], _ state: State, _ cache: KVCache) {
        let right = state.before + tokens[min(state.before, tokens.count)...].commonPrefix(with: state.draft)
        cache.truncate(to: min(right, tokens.count - 1))
    }

    private func read(
        _ tokens: ArraySlice<Int32>, _ cache: KVCache, wantsLogits: Bool
    ) throws(OutOfMemoryError) -> UnsafeBufferPointer<Float>? {
        // A token of the large model alone: nothing can be said after it.
        guard tokens.allSatisfy({ $0 < decoder.model.configuration.vocabulary }) else { return nil }
        try cache.reserve(tokens.count)
        return try decoder.run([Decoder.Segment(tokens: tokens, cache: cache, logits: wantsLogits ? .last : .none)])
    }
}
