/// Guesses how a sequence goes on from what it has said before (prompt lookup decoding, Saxena 2023): the last few
/// tokens are looked for earlier in prompt and answer, and the tokens that followed there are the draft. A pass over
/// the draft costs little more than one over a single token, and every token of it that the sampler would have chosen
/// is one pass less.
struct LookupDraft: Sendable {
    /// Lengths of the run of tokens that is looked for, best first. Shorter runs come up by chance.
    static let runs = [3, 2]

    private(set) var length = DraftLength()
    /// The token that a draft would have begun with, when none was made.
    private var unused: Int32?

    /// - Parameters:
    ///   - tokens: the sequence so far, whose last token is to be computed next.
    ///   - limit: tokens that the draft may have.
    ///   - sequences: how many sequences the pass computes a token for.
    mutating func next(_ tokens: [Int32], limit: Int, sequences: Int) -> ArraySlice<Int32> {
        unused = nil
        let found = Self.find(tokens)
        let draft = found.prefix(min(limit, length.worthwhile(sequences: sequences)))
        if draft.isEmpty { unused = found.first }
        return draft
    }

    /// Learns from a draft: of `drafted` tokens the first `accepted` were right.
    mutating func learn(drafted: Int, accepted: Int) {
        length.learn(drafted: drafted, accepted: accepted)
    }

    /// Learns from a token that was sampled without a draft whether a draft would have had it: so drafting starts again
    /// when the text begins to repeat itself.
    mutating func learn(sampled token: Int32) {
        if let unused { length.note(unused == token) }
        unused = nil
    }

    /// The tokens that followed the last earlier occurrence of the longest run in `runs` that has one.
    static func find(_ tokens: [Int32]) -> ArraySlice<Int32> {
        let place = tokens.withUnsafeBufferPointer { tokens in
            runs.lazy.compactMap { placeAfter(run: $0, in: tokens) }.first
        }
        return tokens[(place ?? tokens.count)...].prefix(DraftLength.tokensMax)
    }

    private static func placeAfter(run: Int, in tokens: UnsafeBufferPointer<Int32>) -> Int? {
        let end = tokens.count - run
        guard end > 0 else { return nil }
        for start in stride(from: end - 1, through: 0, by: -1) {
            var same = 0
            while same < run, tokens[start + same] == tokens[end + same] { same += 1 }
            if same == run { return start + run }
        }
        return nil
    }
}
