/// How many tokens of a sequence are worth guessing: learns how often guesses are right.
struct DraftLength: Sendable {
    /// Tokens of a draft, at most.
    static let tokensMax = 8
    /// Rows that a pass computes in the time that it takes to read the weights, about: by the benchmark of batches (4
    /// rows take
    /// 1.4 times as long as one, on two Zen 4 cores) about 7.
    static let rowsOfOneReading = 8.0

    /// How likely it is that a drafted token is right, as an average that forgets.
    private(set) var hitRate = 0.5

    /// A token of the draft pays when the chance that it counts, and all before it, is more than its share of the pass
    /// (one row's time against the time for each sequence) and what it costs to guess it.
    /// - Parameters:
    ///   - sequences: how many sequences the pass computes a token for.
    ///   - cost: of one guess, as a share of a pass over one token.
    func worthwhile(sequences: Int, cost: Double = 0) -> Int {
        let least = Double(sequences) / (Self.rowsOfOneReading + Double(sequences)) + cost
        var chance = hitRate
        var count = 0
        while count < Self.tokensMax, chance > least {
            count += 1
            chance *= hitRate
        }
        return count
    }

    /// Learns from a draft: of `drafted` tokens the first `accepted` were right.
    mutating func learn(drafted: Int, accepted: Int) {
        for index in 0..<min(drafted, accepted + 1) { note(index < accepted) }
    }

    mutating func note(_ isRight: Bool) {
        hitRate += ((isRight ? 1 : 0) - hitRate) / 8
    }
}
