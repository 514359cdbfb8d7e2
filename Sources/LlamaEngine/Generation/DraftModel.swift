import Parallel

/// Guesses how sequences go on by asking a smaller model of the same vocabulary (speculative decoding, Leviathan et al.
/// 2022, arXiv:2211.17192): it says greedily what comes next, and the large model checks all of it in one pass. Each
/// row is sampled as it would be without, so answers are the same. On the engine's thread alone.
final class DraftModel {
    /// A sequence's state in the draft model.
    struct State {
        var length = DraftLength()
        /// Keys and values of what the draft model has read. They go when the sequence gives way, and are computed
        /// again.
        fileprivate(set) var cache: KVCache?
        /// The last draft, and how many tokens the sequence had before it.
        fileprivate var draft: [Int32] = []
        fileprivate var before = 0
        fileprivate var unguessed = 0

        init() {}

        mutating func letGo() { cache = nil }
    }

    private let decoder: Decoder
    private let pages: KVPagePool
    private let cost: Double
    private let tokensReadMax: Int
    private var sampler = Sampler(Sampling())

    /// The number of tokens without a draft after which one is tried again, in case drafts have become accurate.
    private static let tokensUnguessedMax = 32

    /// - Parameters:
    ///   - pages: of the decoder's `cacheLayout`; at most as many as the large model has.
    ///   - cost: of one guess, as a share of a pass of the large model over one token.
    ///   - tokensReadMax: how much of a prompt is read in one step.
    init(decoder: Decoder, pages: KVPagePool, cost: Double, tokensReadMax: Int) {
        (self.decoder, self.pages, self.cost, self.tokensReadMax) = (decoder, pages, cost, tokensReadMax)
    }

    var cacheBytes: Int { pages.pagesInUse * pages.layout.pageBytes }

    /// A draft of what follows `tokens`, of at most `limit` tokens; none where it would not pay, where memory is short,
    /// or while the prompt is still being read.
    func next(_ tokens: [Int32], _ state: inout State, limit: Int, sequences: Int) -> [Int32] {
        var count = min(limit, state.length.worthwhile(sequences: sequences, cost: cost))
        state.unguessed = count == 0 ? state.unguessed + 1 : 0
        if state.unguessed >= Self.tokensUnguessedMax { count = min(limit, 1) }
        guard count > 0, tokens.count + count <= decoder.model.configuration.contextTokens else { return [] }
        let cache = state.cache ?? KVCache(pool: pages)
        state.cache = cache
        forgetWhatWasWrong(tokens, state, cache)
        let pending = tokens[cache.count...].prefix(tokensReadMax)
        let isWhole = cache.count + pending.count == tokens.count
        (state.before, state.draft) = (tokens.count, [])
        do {
            var logits = try read(pending, cache, wantsLogits: isWhole)
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
