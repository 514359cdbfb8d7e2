extension GrammarState {
    /// Sets `mask` to the tokens that may come next, those that end the turn left out.
    ///
    /// From each reading: the tokens within the automaton at its top, which are kept for all that stand in the same
    /// state of it; and those that go beyond its end, which few do, followed into what comes after.
    package func allowed(_ mask: inout TokenMask) {
        mask.removeAll()
        var walk = TrieWalk(vocabulary.trie)
        for reading in readings.all {
            switch reading.top {
            case .end: break
            case .token(let token): mask.insert(token)
            case .leaf(let leaf, let state, let count):
                let kept = keptMask(leaf, state, count, &walk)
                switch kept.tokens {
                case .many(let words): mask.formUnion(words)
                case .few(let tokens): for token in tokens { mask.insert(token) }
                }
                if grammar.leaves[Int(leaf)].isFree { insertTokens(inFreeTextOf: reading, &mask) }
                follow(kept.exits, reading.frame, &walk, &mask)
            }
        }
    }

    private func insertTokens(inFreeTextOf reading: Reading, _ mask: inout TokenMask) {
        for token in vocabulary.trie.unspelled { mask.insert(token) }
        guard let frame = reading.frame, case .free(let free) = grammar.rules[Int(frame.rule)] else { return }
        for token in free.afterTokens.keys { mask.insert(token) }
    }

    private func keptMask(_ number: Int32, _ state: Int32, _ count: Int32, _ walk: inout TrieWalk) -> LeafMask {
        let leaf = grammar.leaves[Int(number)]
        let longest = Int32(vocabulary.trie.longest)
        let need = max(0, min(longest + 1, leaf.countMin - count))
        let room = leaf.countMax == .max ? longest : min(longest, leaf.countMax - count)
        let key = LeafMasks.Key(automaton: leaf.automaton.number, state: state, need: need, room: room)
        return vocabulary.masks.mask(key) {
            // Where neither bound can be reached within a token, the leaf counts nothing.
            let bounded = Leaf(
                automaton: leaf.automaton, countMin: need, countMax: room == longest ? .max : room)
            return makeMask(bounded, state, &walk)
        }
    }

    private func makeMask(_ leaf: Leaf, _ state: Int32, _ walk: inout TrieWalk) -> LeafMask {
        var tokens: [Int32] = []
        var exits: [LeafMask.Exit] = []
        walk.run(leaf, state: state, count: 0, below: 0, insert: { tokens.append($0) }, exits: &exits)
        guard tokens.count > vocabulary.vocabulary / 64 else { return LeafMask(.few(tokens), exits) }
        var mask = TokenMask(vocabulary: vocabulary.vocabulary)
        for token in tokens { mask.insert(token) }
        return LeafMask(.many(mask.words), exits)
    }

    /// Inserts the tokens that leave an automaton at `exits` and go on above `frame`.
    private func follow(
        _ exits: [LeafMask.Exit], _ frame: Frame?, _ walk: inout TrieWalk, _ mask: inout TokenMask
    ) {
        var left = exits[...]
        while let outcome = left.first?.outcome {
            let (here, others) = (left.filter { $0.outcome == outcome }, left.filter { $0.outcome != outcome })
            left = others[...]
            var readings = Readings()
            grammar.resume(frame, outcome: outcome, &readings)
            for reading in readings.all {
                guard case .leaf(let leaf, let state, let count) = reading.top else { continue }
                var further: [LeafMask.Exit] = []
                for exit in here {
                    walk.run(
                        grammar.leaves[Int(leaf)], state: state, count: count, below: Int(exit.node),
                        insert: { mask.insert($0) }, exits: &further)
                }
                if !further.isEmpty { follow(further, reading.frame, &walk, &mask) }
            }
        }
    }
}

extension GrammarState {
    /// The same by the obvious way, as the reference for tests: every token is tried.
    package func allowedPlainly() -> TokenMask {
        var mask = TokenMask(vocabulary: vocabulary.vocabulary)
        for token in 0..<Int32(vocabulary.vocabulary) {
            var state = self
            if state.advance(token) { mask.insert(token) }
        }
        return mask
    }
}
