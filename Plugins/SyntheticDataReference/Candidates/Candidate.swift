import ProviderKit

/// One answer of the model to one prompt.
struct Candidate: Sendable {
    /// Its place among all that were written for the prompt.
    let place: Int
    let text: String
    /// The mean log probability of its tokens; nil where the model's provider gives none.
    let meanLogprob: Double?
    let tokens: Int
    /// It ended because there was no room for more, and not by itself.
    let isCut: Bool
    var score = 0.0

    var isEmpty: Bool { text.allSatisfy(\.isWhitespace) }

    var message: Message { Message(role: .assistant, content: .text(text)) }

    var scored: ScoredPlace { ScoredPlace(candidate: place, score: score) }
}

/// The candidates of one prompt.
struct PromptCandidates: Sendable {
    let prompt: Message
    /// The conversation that they answer.
    let dialog: Dialog
    /// All, in the order of their places; some are missing until all are written.
    var written: [Candidate?]
    /// Those that are neither empty nor a repetition of an earlier one.
    var distinct: [Candidate] = []

    var isComplete: Bool { !written.contains { $0 == nil } }

    init(_ prompt: Message, system: String, generations: Int) {
        self.prompt = prompt
        let history = system.isEmpty ? [] : [Message(role: .system, content: .text(system))]
        dialog = Dialog(message: prompt, messageHistory: history)
        written = Array(repeating: nil, count: generations)
    }

    mutating func findDistinct() {
        var known: Set<String> = []
        distinct = written.compactMap(\.self).filter { !$0.isEmpty && known.insert($0.text).inserted }
    }
}
