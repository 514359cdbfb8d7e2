import ChatTemplates
import LlamaEngine
import Tokenizers

/// Turns an answer's tokens into its text, piece by piece.
struct AnswerText {
    private var detokenizer: IncrementalDetokenizer
    private let marks: [Int32: ReplyMark]
    private var dropsSpace: Bool

    /// - Parameters:
    ///   - marks: control tokens that are told; all others stand for nothing.
    ///   - beginsText: the answer is a text of its own (a message), not the rest of one. Then the space that
    ///     SentencePiece puts before a first word is none of the model's.
    init(_ tokenizer: any Tokenizer, marks: [Int32: ReplyMark] = [:], beginsText: Bool) {
        detokenizer = IncrementalDetokenizer(tokenizer)
        self.marks = marks
        dropsSpace = beginsText && tokenizer.addsSpacePrefix
    }

    /// The parts of the reply that are certain with these tokens.
    mutating func add(_ tokens: [Generation.Token]) -> [ReplyPiece] {
        var pieces: [ReplyPiece] = []
        for token in tokens {
            if let mark = marks[token.id] {
                append(detokenizer.finish(), to: &pieces)
                pieces.append(.mark(mark))
            } else {
                append(detokenizer.append(token.id), to: &pieces)
            }
        }
        return pieces
    }

    /// The same for an answer without marks.
    mutating func addText(_ tokens: [Generation.Token]) -> String {
        add(tokens).reduce(into: "") { text, piece in
            if case .text(let more) = piece { text += more }
        }
    }

    /// The rest at the end: U+FFFD for a character that never was completed.
    mutating func finish() -> String { detokenizer.finish() }

    private mutating func append(_ text: String, to pieces: inout [ReplyPiece]) {
        var text = text
        if dropsSpace, !text.isEmpty {
            dropsSpace = false
            if text.first == " " { text.removeFirst() }
        }
        if text.isEmpty { return }
        if case .text(let before)? = pieces.last {
            pieces[pieces.count - 1] = .text(before + text)
        } else {
            pieces.append(.text(text))
        }
    }
}
