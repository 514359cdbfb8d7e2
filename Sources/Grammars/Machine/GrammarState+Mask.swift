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
                if grammar.leaves[Int(leaf)].isFree { insertTokens(inFreeTextOf: reading, &mask) }
                guard reading.key != nil else { continue }
                let exits = withoutUsedKeys(reading, below: 0, &mask) { mask in
                    insertKept(grammar.leaves[Int(leaf)], state, count, &mask)
                }
                follow(exits, ofKey: reading, below: 0, &walk, &mask)
            }
        }
        for place in readings.places {
            let exits = insertKept(grammar.leaves[Int(place.leaf)], place.state, place.count, &mask)
            follow(exits, of: place, &walk, &mask)
        }
    }

    /// Inserts the tokens within a leaf, and answers where others leave it.
    private func insertKept(_ leaf: Leaf, _ state: Int32, _ count: Int32, _ mask: inout TokenMask) -> [LeafMask.Exit] {
        let kept = vocabulary.mask(leaf, state: state, count: count)
        switch kept.tokens {
        case .many(let words): mask.formUnion(words)
        case .few(let tokens): for token in tokens { mask.insert(token) }
        }
        return kept.exits
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

    /// Inserts the tokens that leave a place's automaton at `exits` and go on in what follows it.
    private func follow(_ exits: [LeafMask.Exit], of place: Place, _ walk: inout TrieWalk, _ mask: inout TokenMask) {
        var left = exits[...]
        while let outcome = left.first?.outcome {
            var next = Readings()
            for frame in place.frames where !next.isFull { grammar.resume(frame, outcome: outcome, &next) }
            follow(left.filter { $0.outcome == outcome }, into: next, &walk, &mask)
            left = left.filter { $0.outcome != outcome }[...]
        }
    }

    /// The same of a reading that is in a key: each exit is another key.
    /// - Parameter node: where in a token the reading stands.
    private func follow(
        _ exits: [LeafMask.Exit], ofKey reading: Reading, below node: Int, _ walk: inout TrieWalk,
        _ mask: inout TokenMask
    ) {
        for exit in exits {
            let path = vocabulary.trie.path(to: Int(exit.node)).dropFirst(Int(vocabulary.trie.depths[node]))
            var next = Readings()
            grammar.resume(reading.frame, outcome: exit.outcome, key: (reading.key ?? []) + path, &next)
            follow([exit], into: next, &walk, &mask)
        }
    }

    /// Inserts the tokens that go on from `exits` in what is read next.
    private func follow(
        _ exits: [LeafMask.Exit], into next: Readings, _ walk: inout TrieWalk, _ mask: inout TokenMask
    ) {
        for reading in next.all where reading.key != nil {
            guard case .leaf(let leaf, let state, let count) = reading.top else { continue }
            for exit in exits {
                let node = Int(exit.node)
                let found = withoutUsedKeys(reading, below: node, &mask) { mask in
                    var found: [LeafMask.Exit] = []
                    walk.run(
                        grammar.leaves[Int(leaf)], state: state, count: count, below: node,
                        insert: { mask.insert($0) }, exits: &found)
                    return found
                }
                follow(found, ofKey: reading, below: node, &walk, &mask)
            }
        }
        for place in next.places {
            var further: [LeafMask.Exit] = []
            for exit in exits {
                walk.run(
                    grammar.leaves[Int(place.leaf)], state: place.state, count: place.count, below: Int(exit.node),
                    insert: { mask.insert($0) }, exits: &further)
            }
            if !further.isEmpty { follow(further, of: place, &walk, &mask) }
        }
    }
}

/// Readings that stand at one place of one automaton, outside keys: they allow the same tokens up to its end.
private struct Place {
    let leaf: Int32
    let state: Int32
    let count: Int32
    var frames: [Frame?]
}

extension Readings {
    /// In the order of their first readings.
    fileprivate var places: [Place] {
        var places: [Place] = []
        var known: [Reading.Top: Int] = [:]
        for reading in all where reading.key == nil {
            guard case .leaf(let leaf, let state, let count) = reading.top else { continue }
            if let index = known[reading.top] {
                places[index].frames.append(reading.frame)
            } else {
                known[reading.top] = places.count
                places.append(Place(leaf: leaf, state: state, count: count, frames: [reading.frame]))
            }
        }
        return places
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
