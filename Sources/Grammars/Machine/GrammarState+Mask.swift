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
                let kept = vocabulary.mask(grammar.leaves[Int(leaf)], state: state, count: count)
                let exits = withoutUsedKeys(reading, below: 0, &mask) { mask in
                    switch kept.tokens {
                    case .many(let words): mask.formUnion(words)
                    case .few(let tokens): for token in tokens { mask.insert(token) }
                    }
                    return kept.exits
                }
                if grammar.leaves[Int(leaf)].isFree { insertTokens(inFreeTextOf: reading, &mask) }
                follow(exits, reading, below: 0, &walk, &mask)
            }
        }
    }

    /// Lets `insert` insert tokens and answer exits; those that end the reading's key as one that its object has are
    /// taken back.
    private func withoutUsedKeys(
        _ reading: Reading, below node: Int, _ mask: inout TokenMask,
        _ insert: (inout TokenMask) -> [LeafMask.Exit]
    ) -> [LeafMask.Exit] {
        let trie = vocabulary.trie
        guard let key = reading.key, let used = reading.frame?.used else { return insert(&mask) }
        let wrong = UsedKeys.nodes(used, after: key, below: node, trie).map { $0..<Int(trie.ends[$0]) }
        let tokens = wrong.flatMap { nodes in
            let places = Int(trie.firstTokens[nodes.lowerBound])..<Int(trie.firstTokens[nodes.upperBound])
            return trie.tokens[places].filter { !mask.contains($0) }
        }
        let exits = insert(&mask)
        for token in tokens { mask.remove(token) }
        return exits.filter { exit in !wrong.contains { $0.contains(Int(exit.node)) } }
    }

    private func insertTokens(inFreeTextOf reading: Reading, _ mask: inout TokenMask) {
        for token in vocabulary.trie.unspelled { mask.insert(token) }
        guard let frame = reading.frame, case .free(let free) = grammar.rules[Int(frame.rule)] else { return }
        for token in free.afterTokens.keys { mask.insert(token) }
    }

    /// Inserts the tokens that leave a reading's automaton at `exits` and go on in what follows it.
    /// - Parameter node: where in a token the reading stands.
    private func follow(
        _ exits: [LeafMask.Exit], _ reading: Reading, below node: Int, _ walk: inout TrieWalk, _ mask: inout TokenMask
    ) {
        if let key = reading.key {
            // Each exit is another key.
            for exit in exits {
                let path = vocabulary.trie.path(to: Int(exit.node)).dropFirst(Int(vocabulary.trie.depths[node]))
                follow([exit], of: reading, key: key + path, &walk, &mask)
            }
            return
        }
        var left = exits[...]
        while let outcome = left.first?.outcome {
            follow(left.filter { $0.outcome == outcome }, of: reading, key: nil, &walk, &mask)
            left = left.filter { $0.outcome != outcome }[...]
        }
    }

    /// As the other, with exits of one outcome.
    private func follow(
        _ exits: [LeafMask.Exit], of reading: Reading, key: [UInt8]?, _ walk: inout TrieWalk, _ mask: inout TokenMask
    ) {
        var next = Readings()
        grammar.resume(reading.frame, outcome: exits[0].outcome, key: key, &next)
        for reading in next.all {
            guard case .leaf(let leaf, let state, let count) = reading.top else { continue }
            var further: [LeafMask.Exit] = []
            for exit in exits {
                let node = Int(exit.node)
                let found = withoutUsedKeys(reading, below: node, &mask) { mask in
                    var found: [LeafMask.Exit] = []
                    walk.run(
                        grammar.leaves[Int(leaf)], state: state, count: count, below: node,
                        insert: { mask.insert($0) }, exits: &found)
                    return found
                }
                if reading.key != nil { follow(found, reading, below: node, &walk, &mask) } else { further += found }
            }
            if !further.isEmpty { follow(further, reading, below: 0, &walk, &mask) }
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
