/// Many byte strings that lie somewhere else, a mapped file as a rule, and are read where they lie:
/// a vocabulary of 150,000 tokens must not become 150,000 Swift strings at start-up.
package protocol ByteStrings {
    var count: Int { get }
    /// Lends string number `index`; the bytes are valid only inside `body`.
    func withBytes<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R
}

/// A checkpoint's description of its tokenizer, with the words of GGUF's `tokenizer.ggml.*` metadata as the names;
/// other forms are brought to it. Unchecked: `makeTokenizer` checks it.
package struct VocabularySource<Strings: ByteStrings> {
    /// `tokenizer.ggml.model`: `gpt2` is byte-level BPE, `llama` is SentencePiece BPE.
    package var model: String
    /// `tokenizer.ggml.pre`: how byte-level BPE cuts text into words first.
    package var pre: String?
    package var tokens: Strings
    /// `tokenizer.ggml.token_type`, a number per token; nil: all are normal.
    package var types: [Int32]?
    /// `tokenizer.ggml.scores`, a number per token; SentencePiece needs them.
    package var scores: [Float]?
    /// `tokenizer.ggml.merges`, `left right`, best first. Byte-level BPE needs them; SentencePiece merges by them where
    /// there are no scores.
    package var merges: Strings?
    /// The same as two lists.
    var mergeParts: (lefts: Strings, rights: Strings)?
    package var bosID: Int?
    package var eosID: Int?
    package var eotID: Int?
    package var eomID: Int?
    package var unknownID: Int?
    package var addsBOS: Bool?
    package var addsEOS: Bool?
    package var addsSpacePrefix: Bool?
    /// The checkpoint's chat template, for the tokens that it writes.
    package var template: String?
    /// How tokens are found that do not stand for themselves alone.
    var matchRules: [Int32: SpecialTokenTrie.MatchRule] = [:]
    /// Tokens that are no part of the learned vocabulary.
    var added: Set<Int> = []
    /// More tokens that end an answer.
    package var endIDs: [Int] = []
    /// How text is prepared; nil: as `pre` and `addsSpacePrefix` say.
    var steps: TokenizerSteps?
    /// The names of the source's parts in messages.
    var places = VocabularyPlaces()

    package init(model: String, tokens: Strings) {
        self.model = model
        self.tokens = tokens
    }
}

/// The names of a vocabulary source's parts in messages.
struct VocabularyPlaces: Sendable {
    var model = "tokenizer.ggml.model"
    var pre = "tokenizer.ggml.pre"
    var tokens = "tokenizer.ggml.tokens"
    var types = "tokenizer.ggml.token_type"
    var scores = "tokenizer.ggml.scores"
    var merges = "tokenizer.ggml.merges"
    /// The prefix of the name of a marker's id.
    var ids = "tokenizer.ggml."
}
