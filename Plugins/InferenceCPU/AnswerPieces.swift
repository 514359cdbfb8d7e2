import ChatTemplates
import LlamaEngine
import Tokenizers

/// An answer on its way from tokens to what is certain of it: its text, up to a text that it ends at, and the log
/// probabilities of the tokens of that text.
struct AnswerPieces {
    private var text: AnswerText
    private var stop: StopText?
    private(set) var logprobs: LogProbabilities
    /// With texts to end at: the tokens that some of the text held back is of, and where in the text each begins.
    private var waiting: [(token: Generation.Token, start: Int)] = []
    private var bytesMade = 0
    private var bytesCertain = 0
    /// The tokens of the last `add` that came after the end.
    private(set) var tokensUnused: Int?

    /// - Parameters:
    ///   - marks: control tokens that are told.
    ///   - beginsText: the answer is a text of its own, not the rest of one.
    init(_ tokenizer: any Tokenizer, stops: [String], marks: [Int32: ReplyMark] = [:], beginsText: Bool) {
        text = AnswerText(tokenizer, marks: marks, beginsText: beginsText)
        stop = StopText(stops)
        logprobs = LogProbabilities(tokenizer)
    }

    /// The text that the answer ended at.
    var stopSequence: String? { stop?.found }

    /// The parts of the reply that are certain with these tokens.
    mutating func add(_ tokens: [Generation.Token]) -> [ReplyPiece] {
        guard stop != nil else {
            logprobs.add(tokens)
            return text.add(tokens)
        }
        var certain: [ReplyPiece] = []
        for (index, token) in tokens.enumerated() {
            waiting.append((token, bytesMade))
            for piece in text.add([token]) { hold(piece, &certain) }
            release(all: false)
            if stop?.found != nil {
                tokensUnused = tokens.count - index - 1
                waiting = []
                break
            }
        }
        return certain
    }

    /// The same for an answer without marks.
    mutating func addText(_ tokens: [Generation.Token]) -> String {
        add(tokens).reduce(into: "") { text, piece in
            if case .text(let more) = piece { text += more }
        }
    }

    /// The rest at the end; nothing where a text ended it.
    mutating func finish() -> String {
        let rest = text.finish()
        guard stop != nil else { return rest }
        guard stopSequence == nil else { return "" }
        let certain = (stop?.add(rest) ?? "") + (stop?.finish() ?? "")
        release(all: true)
        return certain
    }

    mutating func takeLogprobs() -> LogProbabilities { logprobs.taken() }

    private mutating func hold(_ piece: ReplyPiece, _ certain: inout [ReplyPiece]) {
        switch piece {
        case .text(let more):
            bytesMade += more.utf8.count
            append(stop?.add(more) ?? "", &certain)
        case .mark:
            // A control token is no part of a text.
            guard stopSequence == nil else { return }
            append(stop?.finish() ?? "", &certain)
            certain.append(piece)
        }
    }

    private mutating func append(_ text: String, _ certain: inout [ReplyPiece]) {
        bytesCertain += text.utf8.count
        if !text.isEmpty { certain.append(.text(text)) }
    }

    private mutating func release(all: Bool) {
        let count = all ? waiting.count : waiting.prefix { $0.start < bytesCertain }.count
        logprobs.add(waiting.prefix(count).map(\.token))
        waiting.removeFirst(count)
    }
}
