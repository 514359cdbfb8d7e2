import ChatTemplates
import InferenceCPU
import LlamaTraining
import ProviderKit
import Tokenizers

/// Makes tokens of examples, by the code that serves chat, and says which of them carry loss.
struct RowWriter {
    private let language: ModelLanguage
    private let format: ChatFormat?
    private let ends: ControlTokens
    private let header: String
    /// The date of the job: templates that write it give the same tokens after a restart.
    private let today: TemplateDate
    private let tokensMax: Int

    init(_ language: ModelLanguage, today: TemplateDate, tokensMax: Int) {
        (self.language, self.today, self.tokensMax) = (language, today, tokensMax)
        format = language.chatFormat
        let stops = language.chatStops.map {
            String(decoding: language.tokenizer.bytes(of: $0, showingControl: true), as: UTF8.self)
        }
        ends = ControlTokens(stops)
        header = format?.answerHeader ?? ""
    }

    /// A row, not yet cut. `dropped` counts messages of the assistant that the template left out.
    struct Written {
        var row: TrainingRow
        var dropped = 0
    }

    /// Throws a ``TemplateError`` for a dialog that the template turns down.
    func row(_ example: Example) throws -> Written {
        switch example {
        case .dialog(let messages, let keepsLoss): try row(messages) { keepsLoss?[$0] ?? true }
        case .text(let text): Written(row: row(text))
        case .preference: preconditionFailure("pairs are written by pair(_:_:_:)")
        }
    }

    /// All tokens, and the end of text.
    private func row(_ text: String) -> TrainingRow {
        var tokens = language.prompt(continuing: text)
        if let end = language.tokenizer.eos { tokens.append(end) }
        return TrainingRow(tokens: tokens, hasLoss: [Bool](repeating: true, count: tokens.count))
    }

    /// The whole conversation; what the assistant says carries loss, where `keeps` of its place.
    private func row(_ messages: [ChatMessage], keeps: (Int) -> Bool) throws -> Written {
        guard let format else {
            throw language.chatFormatError ?? TemplateError(.evaluation, line: 0, "the model has no chat format")
        }
        let prompt = try format.prompt(
            ChatConversation(messages: messages, addsGenerationPrompt: false, today: today))
        let tokens = language.tokenizer.encode(segments: prompt.segments.map { ($0.text, special: $0.isTrusted) })
        let wanted = Set(messages.indices.filter { messages[$0].role == .assistant && keeps($0) })
        let opened = wanted.filter { !messages[$0].toolCalls.isEmpty || messages[$0].reasoning != nil }
        let answers = prompt.answers(of: wanted, opened: opened, endedBy: ends, header: header)
        let places = TokenPlaces(tokens, of: prompt.text, by: language.tokenizer)
        let said = wanted.filter { !messages[$0].content.isEmpty || !messages[$0].toolCalls.isEmpty }
        return Written(
            row: TrainingRow(tokens: tokens, hasLoss: places.overlaps(answers.map(\.bytes))),
            dropped: said.subtracting(answers.map(\.message)).count)
    }

    /// Cuts a row at its end. nil for one that is left without a token that carries loss.
    func cut(_ row: TrainingRow) -> (row: TrainingRow, isCut: Bool)? {
        var row = row
        let isCut = row.tokens.count > tokensMax
        if isCut {
            row.tokens.removeLast(row.tokens.count - tokensMax)
            row.hasLoss.removeLast(row.hasLoss.count - tokensMax)
        }
        return row.lossTokens > 0 ? (row, isCut) : nil
    }

    /// A pair: what both conversations have up to the answers, and each answer with the end of its turn. nil where the
    /// template writes them so differently that they have no common prompt, or an answer says nothing, or the longer is
    /// over the limit.
    func pair(_ prompt: [ChatMessage], _ chosen: ChatMessage, _ rejected: ChatMessage) throws -> PreferencePair? {
        let place = prompt.count
        let good = try row(prompt + [chosen]) { $0 == place }.row
        let bad = try row(prompt + [rejected]) { $0 == place }.row
        guard let start = good.hasLoss.firstIndex(of: true), start == bad.hasLoss.firstIndex(of: true), start > 0,
            good.tokens[..<start] == bad.tokens[..<start], let goodEnd = good.hasLoss.lastIndex(of: true),
            let badEnd = bad.hasLoss.lastIndex(of: true), max(goodEnd, badEnd) < tokensMax
        else { return nil }
        return PreferencePair(
            prompt: Array(good.tokens[..<start]), chosen: Array(good.tokens[start...goodEnd]),
            rejected: Array(bad.tokens[start...badEnd]))
    }
}
