import Grammars
import JSONSchema

/// A tool whose calls a grammar allows: its name as the model knows it, and what its arguments keep to.
package struct CallableTool: Sendable {
    package let name: String
    package let arguments: ValueSchema

    package init(name: String, arguments: ValueSchema) { (self.name, self.arguments) = (name, arguments) }
}

/// Whether an answer calls a tool.
package enum CallDemand: Sendable, Equatable {
    /// It may; what begins as a call is one.
    case auto
    /// It is nothing but calls, not more than this many.
    case required(callsMax: Int?)
}

extension CallSyntax {
    /// The grammar of an answer with calls of `tools`, at least one.
    /// - Parameters:
    ///   - tokens: the marks that the vocabulary has as control tokens.
    ///   - beginning: where the prompt leaves the answer.
    package func grammar(
        _ demand: CallDemand, of tools: [CallableTool], tokens: [ReplyMark: Int32], beginning: ReplyFormat.Beginning
    ) -> GrammarStart {
        let writer = CallWriter(syntax: self, tools: tools, tokens: tokens)
        switch demand {
        case .auto: return writer.auto(beginning)
        case .required(let callsMax): return writer.required(callsMax: callsMax, beginning)
        }
    }

    /// How answers begin that are calls, where no mark opens those.
    package struct Openings {
        /// The text in front of every tool's name.
        package let shared: String
        /// All of the beginnings, each to the arguments.
        package let all: GrammarSource
        /// How many bytes of each lie behind the one that ends the name.
        package let endBytes: Int
    }

    /// Nil where a mark opens calls, and where the prompt leaves the answer elsewhere than at its beginning.
    package func openings(of tools: [CallableTool], beginning: ReplyFormat.Beginning) -> Openings? {
        let shared = String(opening.drop(while: \.isWhitespace))
        let isMarked = ReplyMark.allCases.contains { !$0.isThought && opening.contains($0.text) }
        guard beginning == .answer, !isMarked, !shared.isEmpty else { return nil }
        let writer = CallWriter(syntax: self, tools: tools, tokens: [:])
        let end = numbered(middle, 1)
        return Openings(
            shared: shared, all: .choice(tools.map { .text(shared + writer.writtenName($0.name) + end) }),
            endBytes: max(0, end.utf8.count - 1))
    }
}

extension GrammarStart {
    /// Between the end of a thought and what follows.
    fileprivate static let breaks = ["", "\n", "\n\n"]

    /// An answer that is nothing else than this, where the prompt leaves it: behind the thought that it opened, and for
    /// everybody where functionary's asks who it is for.
    package static func answer(
        _ source: GrammarSource, beginning: ReplyFormat.Beginning, tokens: [ReplyMark: Int32]
    ) -> GrammarStart {
        switch beginning {
        case .answer: return .now(source)
        case .recipient(let mark):
            return .now(.sequence([.written("all" + mark.textBehindRecipient, tokens), source]))
        case .thought(let open):
            guard let close = ReplyMark.thoughts.first(where: { $0.open == open })?.close else { return .now(source) }
            let following = GrammarSource.sequence([.choice(breaks.map { .text($0) }), source])
            if let token = tokens[close] { return .after([.init(.token(token), then: following)]) }
            return .now(.sequence([.textThrough(close.text), following]))
        }
    }
}

/// Writes the grammars of one answer.
private struct CallWriter {
    let syntax: CallSyntax
    let tools: [CallableTool]
    let tokens: [ReplyMark: Int32]

    // MARK: Demands

    func required(callsMax: Int?, _ beginning: ReplyFormat.Beginning) -> GrammarStart {
        let all = GrammarSource.sequence([literal(syntax.opening), calls(max: callsMax)])
        if case .thought = beginning { return .answer(all, beginning: beginning, tokens: tokens) }
        return .now(all)
    }

    func auto(_ beginning: ReplyFormat.Beginning) -> GrammarStart {
        if syntax.opening.isEmpty {
            // functionary's prompt asks for a name; `all` is who an answer in words is for.
            return .now(.choice([.sequence([literal("all" + syntax.middle), .anyText]), calls(max: nil)]))
        }
        let pieces = ReplyPiece.pieces(of: syntax.opening, Set(tokens.keys))
        for (place, piece) in pieces.enumerated() {
            guard case .mark(let mark) = piece, let token = tokens[mark] else { continue }
            let rest = GrammarSource.written(Array(pieces[(place + 1)...]), tokens)
            return .after([.init(.token(token), then: .sequence([rest, calls(after: mark.text)]))])
        }
        let marks = ReplyMark.allCases.filter { !$0.isThought }
        let found = marks.compactMap { mark in
            syntax.opening.firstRange(of: mark.text).map { (mark: mark, range: $0) }
        }.min { ($0.range.lowerBound, $1.mark.text.count) < ($1.range.lowerBound, $0.mark.text.count) }
        if let found {
            let rest = GrammarSource.text(String(syntax.opening[found.range.upperBound...]))
            return .after([.init(.text(found.mark.text), then: .sequence([rest, calls(after: found.mark.text)]))])
        }
        // No mark: what an answer begins with.
        let opening = String(syntax.opening.drop(while: \.isWhitespace))
        return .after(GrammarStart.breaks.map { .init(.beginning($0 + opening), then: calls(max: nil)) })
    }

    // MARK: Calls

    /// Calls behind an opening that was generated. A mark that opens each call anew is an opening of its own.
    private func calls(after mark: String) -> GrammarSource {
        calls(max: syntax.separator?.contains(mark) == true ? 1 : nil)
    }

    /// Calls from the first one's name to the end of the last.
    private func calls(max: Int?) -> GrammarSource {
        if syntax.arguments == .other { return .sequence([call(1), .anyText]) }
        guard let separator = syntax.separator, max != 1 else {
            return .sequence([call(1), literal(syntax.closing)])
        }
        let most = min(max ?? .max, ReplyLimits().callsMax)
        guard syntax.isNumbered else {
            return .sequence([
                .repeated(call(1), separator: literal(separator), min: 1, max: most), literal(syntax.closing),
            ])
        }
        return numberedCalls(1, most: min(most, CallSyntax.numberedCallsMax), separator)
    }

    private func numberedCalls(_ number: Int, most: Int, _ separator: String) -> GrammarSource {
        let end = literal(syntax.numbered(syntax.closing, number))
        guard number < most else { return .sequence([call(number), end]) }
        let more = GrammarSource.sequence([
            literal(syntax.numbered(separator, number)), numberedCalls(number + 1, most: most, separator),
        ])
        return .sequence([call(number), .choice([end, more])])
    }

    /// One call: name and arguments are chosen together.
    private func call(_ number: Int) -> GrammarSource {
        let middle = syntax.numbered(syntax.middle, number)
        let style: JSONStyle? =
            switch syntax.arguments {
            case .spaced: .spaced
            case .compact: .compact
            case .other: nil
            }
        return .choice(
            tools.map { tool in
                let name = literal(writtenName(tool.name) + middle)
                guard let style else { return name }
                return .sequence([name, .value(tool.arguments, style)])
            })
    }

    func writtenName(_ name: String) -> String {
        guard syntax.isNameQuoted, let quoted = try? TemplateValue.string(name).json() else { return name }
        return String(quoted.dropFirst().dropLast())
    }

    private func literal(_ text: String) -> GrammarSource { .written(text, tokens) }
}

extension GrammarSource {
    /// This text, in which the marks that are control tokens are those tokens.
    fileprivate static func written(_ text: String, _ tokens: [ReplyMark: Int32]) -> GrammarSource {
        written(ReplyPiece.pieces(of: text, Set(tokens.keys)), tokens)
    }

    fileprivate static func written(_ pieces: [ReplyPiece], _ tokens: [ReplyMark: Int32]) -> GrammarSource {
        .sequence(
            pieces.map { piece in
                switch piece {
                case .text(let text): .text(text)
                case .mark(let mark): tokens[mark].map { .token($0) } ?? .text(mark.text)
                }
            })
    }
}
