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
}
