/// A set of tokens: a bit for each of a vocabulary.
package struct TokenMask: Sendable, Equatable {
    /// Bit `id % 64` of word `id / 64`.
    package private(set) var words: [UInt64]
    package let vocabulary: Int

    /// No token.
    package init(vocabulary: Int) {
        self.vocabulary = vocabulary
        words = [UInt64](repeating: 0, count: (vocabulary + 63) / 64)
    }

    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    package func contains(_ token: Int32) -> Bool {
        token >= 0 && Int(token) < vocabulary && words[Int(token) / 64] >> UInt64(token % 64) & 1 == 1
    }

    /// Without effect for an id outside the vocabulary.
    package mutating func insert(_ token: Int32) {
        guard token >= 0, Int(token) < vocabulary else { return }
        words[Int(token) / 64] |= 1 << UInt64(token % 64)
    }

    package mutating func remove(_ token: Int32) {
        guard token >= 0, Int(token) < vocabulary else { return }
        words[Int(token) / 64] &= ~(1 << UInt64(token % 64))
    }

    package mutating func removeAll() {
        for index in words.indices { words[index] = 0 }
    }

    /// `other` must have the words of the same vocabulary.
    mutating func formUnion(_ other: [UInt64]) {
        for index in 0..<min(words.count, other.count) { words[index] |= other[index] }
    }

    /// The only token, where there is exactly one.
    package var only: Int32? {
        var found: Int32?
        for (index, word) in words.enumerated() where word != 0 {
            guard found == nil, word & (word - 1) == 0 else { return nil }
            found = Int32(index * 64 + word.trailingZeroBitCount)
        }
        return found
    }

    /// All tokens in the order of their ids.
    package var tokens: [Int32] {
        var tokens: [Int32] = []
        for (index, word) in words.enumerated() {
            var left = word
            while left != 0 {
                tokens.append(Int32(index * 64 + left.trailingZeroBitCount))
                left &= left - 1
            }
        }
        return tokens
    }
}
