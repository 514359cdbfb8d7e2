/// The vocabulary of both kinds of tokenizer: the tokens, the special ones among them, and the marks of a turn's ends.
struct Vocabulary: Sendable {
    let table: TokenTable
    let special: SpecialTokenTrie
    /// User-defined tokens that are looked for in what `special` leaves, after the text has been normalised.
    var specialOfNormalized = SpecialTokenTrie()
    let bos: Int32?
    let eos: Int32?
    let unknown: Int32?
    let addsBOS: Bool
    let addsEOS: Bool
    let endOfTurnTokens: Set<Int32>
    /// Deviations from the checkpoint.
    var warnings: [String] = []

    /// Control tokens that end a turn in the families served here, for files that name only one of them.
    static let endOfTurnNames = [
        "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>", "<|end|>", "</s>",
        "<end_of_turn>", "<end_of_utterance>", "<|EOT|>", "<|eot|>", "<|stop|>", "<｜end▁of▁sentence｜>",
    ]
}

/// A tokenizer over a `Vocabulary`; it needs to say only how a stretch of ordinary text becomes tokens.
protocol VocabularyTokenizer: Tokenizer {
    var vocabulary: Vocabulary { get }
}

extension VocabularyTokenizer {
    package var vocabularySize: Int { vocabulary.table.count }
    package var bos: Int32? { vocabulary.bos }
    package var eos: Int32? { vocabulary.eos }
    package var addsBOS: Bool { vocabulary.addsBOS }
    package var addsEOS: Bool { vocabulary.addsEOS }
    package var endOfTurnTokens: Set<Int32> { vocabulary.endOfTurnTokens }
    package var warnings: [String] { vocabulary.warnings }

    package func token(named spelling: String) -> Int32? {
        vocabulary.special.token(spelling) ?? vocabulary.specialOfNormalized.token(spelling)
    }

    package func isControl(_ token: Int32) -> Bool { vocabulary.table.kind(of: token)?.isControl ?? false }
}
