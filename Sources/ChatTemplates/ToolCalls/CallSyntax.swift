/// How one model's template writes the calls of a message: what a grammar of calls is made of.
///
/// What a model generates under it is what its template writes when the calls come back as history, character for
/// character; so the keys and values of the answer serve the next turn.
package struct CallSyntax: Sendable, Equatable {
    package enum Arguments: Sendable, Equatable {
        /// JSON as Python's `json.dumps` writes it: `{"a": [1, 2]}`.
        case spaced
        /// JSON without white space.
        case compact
        /// Something else; the call is held to its name.
        case other
    }

    /// From the answer's beginning to the first call's name.
    package var opening: String
    /// From a name to its arguments.
    package var middle: String
    package var arguments: Arguments
    /// From a call's arguments to the next call's name; nil where a message has one call.
    package var separator: String?
    /// From the last call's arguments to the end of the turn.
    package var closing: String
    /// The name stands in quotes.
    package var isNameQuoted: Bool { opening.hasSuffix("\"") && middle.hasPrefix("\"") }

    /// Plain JSON, which every model's calls may be.
    package static let plain = CallSyntax(
        opening: "{\"name\": \"", middle: "\", \"parameters\": ", arguments: .spaced, closing: "}")

    package init(
        opening: String, middle: String, arguments: Arguments, separator: String? = nil, closing: String = ""
    ) {
        (self.opening, self.middle, self.arguments) = (opening, middle, arguments)
        (self.separator, self.closing) = (separator, closing)
    }

    // MARK: Trying a template

    /// As `format`'s template writes calls, found by having it write some; nil where the calls are not found in what it
    /// writes, or would not be read as the same calls.
    /// - Parameter controls: the marks that the vocabulary has as control tokens.
    package init?(of format: ChatFormat, controls: Set<ReplyMark>) {
        let probe = CallProbe(format)
        guard let turn = probe.turn(of: [CallProbe.first]),
            let place = CallPlace(of: CallProbe.first, in: turn.text[...])
        else { return nil }
        let text = turn.text
        self.init(opening: String(text[..<place.name.lowerBound]), middle: "", arguments: place.style)
        if let arguments = place.arguments {
            middle = String(text[place.name.upperBound..<arguments.lowerBound])
            closing = String(text[arguments.upperBound...])
            separator = separator(probe)
        } else {
            middle = probe.sharedMiddle(text[place.name.upperBound...])
        }
        guard !middle.isEmpty else { return nil }
        let reply = ReplyFormat(forms: format.callForms, controls: controls, beginning: turn.beginning)
        guard isRead(text, as: reply) else { return nil }
    }

    /// Between two calls of one message, whose calls must be written as the one alone was.
    private func separator(_ probe: CallProbe) -> String? {
        guard let both = probe.turn(of: [CallProbe.first, CallProbe.second])?.text,
            let one = CallPlace(of: CallProbe.first, in: both[...]), let oneEnd = one.arguments?.upperBound,
            let two = CallPlace(of: CallProbe.second, in: both[oneEnd...]), let twoArguments = two.arguments,
            both[..<one.name.lowerBound] == opening[...],
            both[two.name.upperBound..<twoArguments.lowerBound] == numbered(middle, 2)[...],
            both[twoArguments.upperBound...] == numbered(closing, 2)[...]
        else { return nil }
        return String(both[oneEnd..<two.name.lowerBound])
    }

    /// Whether calls written so are those calls: one, and two where a message may have several.
    private func isRead(_ turn: String, as format: ReplyFormat) -> Bool {
        func events(_ text: String) -> [ReplyParser.Event] {
            var parser = ReplyParser(tools: CallProbe.tools, format: format)
            return parser.add(ReplyPiece.pieces(of: text, format.controls)) + parser.finish()
        }
        guard arguments != .other else {
            guard case .call(let call)? = events(turn).first else { return false }
            return call.name == CallProbe.first.name
        }
        guard events(turn) == [.call(CallProbe.first)] else { return false }
        guard let separator, let one = json(CallProbe.first.arguments), let two = json(CallProbe.second.arguments)
        else {
            return true
        }
        let calls = [
            opening, CallProbe.first.name, middle, one, separator, CallProbe.second.name, numbered(middle, 2), two,
            numbered(closing, 2),
        ]
        return events(calls.joined()) == [.call(CallProbe.first), .call(CallProbe.second)]
    }

    /// The arguments as the template writes them.
    func json(_ arguments: TemplateMap) -> String? {
        let value = TemplateValue.map(arguments)
        return try? value.json(isCompact: self.arguments == .compact)
    }

    // MARK: Numbers of calls

    /// The most calls whose texts differ by their ids.
    static let numberedCallsMax = 8

    /// Templates that write ids write those that a conversation's calls get.
    var isNumbered: Bool {
        [opening, middle, separator ?? "", closing].contains { $0.contains(ConversationAdapter.id(0)) }
    }

    /// A text that belongs to the first call as it is written for another.
    func numbered(_ text: String, _ number: Int) -> String {
        if number == 1 || !text.contains("call0") { return text }
        return text.replacing(ConversationAdapter.id(1), with: ConversationAdapter.id(number))
            .replacing(ConversationAdapter.id(0), with: ConversationAdapter.id(number - 1))
    }
}

extension ReplyPiece {
    /// A text as a model would write it whose vocabulary has these marks as control tokens.
    static func pieces(of text: String, _ controls: Set<ReplyMark>) -> [ReplyPiece] {
        var pieces: [ReplyPiece] = []
        var rest = text[...]
        while true {
            let found = controls.compactMap { mark in rest.firstRange(of: mark.text).map { (mark: mark, range: $0) } }
                .min { ($0.range.lowerBound, $1.mark.text.count) < ($1.range.lowerBound, $0.mark.text.count) }
            let end = found?.range.lowerBound ?? rest.endIndex
            if end > rest.startIndex { pieces.append(.text(String(rest[..<end]))) }
            guard let found else { return pieces }
            pieces.append(.mark(found.mark))
            rest = rest[found.range.upperBound...]
        }
    }
}
