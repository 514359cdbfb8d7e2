/// Goes through the part of a trie that an automaton can follow.
struct TrieWalk {
    let trie: TokenTrie
    /// [depth]: where the automaton stands at each node of the path, and the characters counted there.
    private var path: [(state: Int32, count: Int32)]

    init(_ trie: TokenTrie) {
        self.trie = trie
        path = Array(repeating: (0, 0), count: trie.longest + 1)
    }

    /// Inserts the tokens below `node` that lie wholly within the leaf, and appends the nodes where it may have ended
    /// and tokens go on. `node` itself is reached already.
    ///
    /// A first mask visits all of a vocabulary's nodes, so the arrays are read without their checks of bounds: places
    /// in them are the trie's and the automaton's own.
    mutating func run(
        _ leaf: Leaf, state: Int32, count: Int32, below node: Int, insert: (Int32) -> Void,
        exits: inout [LeafMask.Exit]
    ) {
        let (trie, automaton) = (trie, leaf.automaton)
        // A span can't be of a class's member.
        let (classTable, stepTable, outcomeTable) = (automaton.classes, automaton.steps, automaton.outcomes)
        let bytes = trie.bytes.span
        let depths = trie.depths.span
        let ends = trie.ends.span
        let firstTokens = trie.firstTokens.span
        let tokens = trie.tokens.span
        let classes = classTable.span
        let steps = stepTable.span
        let outcomes = outcomeTable.span
        let width = automaton.classCount
        let isCounting = leaf.countMin > 0 || leaf.countMax < .max
        let end = Int(trie.ends[node])
        path[Int(trie.depths[node])] = (state, count)
        var path = path.mutableSpan
        var next = node + 1
        while next < end {
            let depth = Int(depths[unchecked: next])
            let byte = classes[unchecked: Int(bytes[unchecked: next])]
            let step = steps[unchecked: Int(path[unchecked: depth - 1].state) * width + Int(byte)]
            let target = step & ByteAutomaton.stateMask
            let outcome = step < 0 ? -1 : outcomes[unchecked: Int(target)]
            var fits = step >= 0
            var counted: Int32 = 0
            if isCounting, fits {
                counted = path[unchecked: depth - 1].count + (step & ByteAutomaton.countFlag != 0 ? 1 : 0)
                fits = counted <= leaf.countMax && (counted >= leaf.countMin || outcome < 0)
            }
            guard fits else {
                next = Int(ends[unchecked: next])
                continue
            }
            path[unchecked: depth] = (target, counted)
            for index in Int(firstTokens[unchecked: next])..<Int(firstTokens[unchecked: next + 1]) {
                insert(tokens[unchecked: index])
            }
            if outcome >= 0, Int(ends[unchecked: next]) > next + 1 {
                exits.append(LeafMask.Exit(node: Int32(next), outcome: outcome))
            }
            next += 1
        }
    }
}
