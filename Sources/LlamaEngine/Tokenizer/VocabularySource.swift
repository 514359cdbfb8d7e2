/// Many byte strings that lie somewhere else, a mapped file as a rule, and are read where they lie:
/// a vocabulary of 150,000 tokens must not become 150,000 Swift strings at start-up.
package protocol ByteStrings {
    var count: Int { get }
    /// Lends string number `index`; the bytes are valid only inside `body`.
    func withBytes<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R
}

/// What a checkpoint says about its tokenizer: the `tokenizer.ggml.*` metadata, with the key as the name.
/// Unchecked: `makeTokenizer` checks it.
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
    /// `tokenizer.ggml.merges`, `left right`, best first; byte-level BPE needs them.
    package var merges: Strings?
    package var bosID: Int?
    package var eosID: Int?
    package var eotID: Int?
    package var eomID: Int?
    package var unknownID: Int?
    package var addsBOS: Bool?
    package var addsEOS: Bool?
    package var addsSpacePrefix: Bool?

    package init(model: String, tokens: Strings) {
        self.model = model
        self.tokens = tokens
    }
}
