import LlamaEngine
import Tokenizers

/// Turns an answer's tokens into its text, piece by piece.
struct AnswerText {
    private var detokenizer: IncrementalDetokenizer
    private let markers: [Int32: String]
    private var dropsSpace: Bool

    /// - Parameters:
    ///   - markers: control tokens that show as text; all others stand for nothing.
    ///   - beginsText: the answer is a text of its own (a message), not the rest of one. Then the space that
    ///     SentencePiece puts before a first word is none of the model's.
    init(_ tokenizer: any Tokenizer, markers: [Int32: String], beginsText: Bool) {
        detokenizer = IncrementalDetokenizer(tokenizer)
        self.markers = markers
        dropsSpace = beginsText && tokenizer.addsSpacePrefix
    }

    /// The text that became certain with these tokens.
    mutating func add(_ tokens: [Generation.Token]) -> String {
        var text = ""
        for token in tokens {
            if let marker = markers[token.id] {
                text += detokenizer.finish() + marker
            } else {
                text += detokenizer.append(token.id)
            }
        }
        if dropsSpace, !text.isEmpty {
            dropsSpace = false
            if text.first == " " { text.removeFirst() }
        }
        return text
    }

    /// The rest at the end: U+FFFD for a character that never was completed.
    mutating func finish() -> String { detokenizer.finish() }
}
