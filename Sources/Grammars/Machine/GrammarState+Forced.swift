extension GrammarState {
    /// The tokens that spell what must come next, at most `limit`: a guess, since the model may spell it in others.
    package func forced(limit: Int) -> [Int32] {
        var state = self
        var tokens: [Int32] = []
        while tokens.count < limit {
            if let token = state.onlyToken {
                guard state.advance(token) else { break }
                tokens.append(token)
                continue
            }
            let bytes = state.forcedBytes(limit: (limit - tokens.count) * 8)
            guard !bytes.isEmpty else { break }
            for token in vocabulary.trie.longestSpellings(bytes) where tokens.count < limit { tokens.append(token) }
        }
        return tokens
    }

    private var onlyToken: Int32? {
        guard readings.all.count == 1, case .token(let token)? = readings.all.first?.top else { return nil }
        return token
    }

    /// Moves on by the bytes that must come next.
    private mutating func forcedBytes(limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit, let byte = onlyByte, advance(byte: byte) { bytes.append(byte) }
        return bytes
    }

    private var onlyByte: UInt8? {
        var found: Int16 = -1
        for reading in readings.all {
            guard case .leaf(let leaf, let state, _) = reading.top else { return nil }
            let only = grammar.leaves[Int(leaf)].automaton.onlyBytes[Int(state)]
            guard only >= 0, found < 0 || found == only else { return nil }
            found = only
        }
        return UInt8(exactly: found)
    }
}

extension TokenTrie {
    /// Tokens that spell the bytes, each the longest that fits; the rest is left out where none does.
    func longestSpellings(_ text: [UInt8]) -> [Int32] {
        var tokens: [Int32] = []
        var start = 0
        while start < text.count {
            var (node, best) = (0, (token: Int32(-1), end: start))
            for index in start..<text.count {
                guard let child = child(of: node, text[index]) else { break }
                node = child
                if firstTokens[node] < firstTokens[node + 1] {
                    best = (self.tokens[Int(firstTokens[node])], index + 1)
                }
            }
            guard best.token >= 0 else { break }
            tokens.append(best.token)
            start = best.end
        }
        return tokens
    }
}
