/// Goes through the part of a trie that an automaton can follow.
struct TrieWalk {
    let trie: TokenTrie
    private var states: [Int32]
    private var counts: [Int32]

    init(_ trie: TokenTrie) {
        self.trie = trie
        states = [Int32](repeating: 0, count: trie.longest + 1)
        counts = states
    }

    /// Inserts the tokens below `node` that lie wholly within the leaf, and appends the nodes where it may have ended
    /// and tokens go on. `node` itself is reached already.
    mutating func run(
        _ leaf: Leaf, state: Int32, count: Int32, below node: Int, insert: (Int32) -> Void,
        exits: inout [LeafMask.Exit]
    ) {
        if leaf.countMin > 0 || leaf.countMax < .max {
            return runCounting(leaf, state, count, below: node, insert: insert, exits: &exits)
        }
        let automaton = leaf.automaton
        let (classes, steps, width) = (automaton.classes, automaton.steps, automaton.classCount)
        var next = node + 1
        let end = Int(trie.ends[node])
        states[Int(trie.depths[node])] = state
        while next < end {
            let depth = Int(trie.depths[next])
            let step = steps[Int(states[depth - 1]) * width + Int(classes[Int(trie.bytes[next])])]
            if step < 0 {
                next = Int(trie.ends[next])
                continue
            }
            states[depth] = step & ByteAutomaton.stateMask
            visit(next, automaton.outcomes[Int(step & ByteAutomaton.stateMask)], insert, &exits)
            next += 1
        }
    }

    private mutating func runCounting(
        _ leaf: Leaf, _ state: Int32, _ count: Int32, below node: Int, insert: (Int32) -> Void,
        exits: inout [LeafMask.Exit]
    ) {
        var next = node + 1
        let end = Int(trie.ends[node])
        states[Int(trie.depths[node])] = state
        counts[Int(trie.depths[node])] = count
        while next < end {
            let depth = Int(trie.depths[next])
            guard let step = leaf.step(states[depth - 1], counts[depth - 1], trie.bytes[next]) else {
                next = Int(trie.ends[next])
                continue
            }
            (states[depth], counts[depth]) = (step.state, step.count)
            visit(next, leaf.automaton.outcomes[Int(step.state)], insert, &exits)
            next += 1
        }
    }

    private func visit(
        _ node: Int, _ outcome: Int32, _ insert: (Int32) -> Void, _ exits: inout [LeafMask.Exit]
    ) {
        for index in Int(trie.firstTokens[node])..<Int(trie.firstTokens[node + 1]) { insert(trie.tokens[index]) }
        if outcome >= 0, Int(trie.ends[node]) > node + 1 {
            exits.append(LeafMask.Exit(node: Int32(node), outcome: outcome))
        }
    }
}
