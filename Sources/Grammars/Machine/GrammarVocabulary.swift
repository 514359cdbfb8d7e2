/// A model's tokens as grammars see them: the trie of their spellings, and the masks of automata over it. One for each
/// model, shared by all its answers. Any thread may use it.
package final class GrammarVocabulary: Sendable {
    package let trie: TokenTrie
    let masks: LeafMasks

    /// Memory for masks.
    package static let maskBytesMax = 64 << 20

    package init(trie: TokenTrie, maskBytesMax: Int = GrammarVocabulary.maskBytesMax) {
        self.trie = trie
        masks = LeafMasks(bytesMax: maskBytesMax)
    }

    package var vocabulary: Int { trie.vocabulary }

    /// How many bytes a token stands for: 0 for a control token.
    package func bytes(of token: Int32) -> Int { trie.spelling(of: token).count }

    /// Makes the masks that nearly every grammar needs and that take longest: those within strings and numbers.
    package func prepare() {
        for automaton in [ByteAutomaton.anyString, .anyNumber, .anyInteger] {
            for state in 0..<Int32(automaton.states) { _ = mask(Leaf(automaton: automaton), state: state, count: 0) }
        }
    }

    /// The tokens within a leaf from a state of it.
    func mask(_ leaf: Leaf, state: Int32, count: Int32) -> LeafMask {
        let longest = Int32(trie.longest)
        let need = max(0, min(longest + 1, leaf.countMin - count))
        let room = leaf.countMax == .max ? longest : min(longest, leaf.countMax - count)
        let key = LeafMasks.Key(automaton: leaf.automaton.number, state: state, need: need, room: room)
        return masks.mask(key) {
            // Where neither bound can be reached within a token, the leaf counts nothing.
            let countMax = room == longest ? Int32.max : room
            return makeMask(Leaf(automaton: leaf.automaton, countMin: need, countMax: countMax), state)
        }
    }

    private func makeMask(_ leaf: Leaf, _ state: Int32) -> LeafMask {
        var walk = TrieWalk(trie)
        var tokens: [Int32] = []
        var exits: [LeafMask.Exit] = []
        walk.run(leaf, state: state, count: 0, below: 0, insert: { tokens.append($0) }, exits: &exits)
        guard tokens.count > vocabulary / 64 else { return LeafMask(.few(tokens), exits) }
        var mask = TokenMask(vocabulary: vocabulary)
        for token in tokens { mask.insert(token) }
        return LeafMask(.many(mask.words), exits)
    }
}
