/// A template's own writing of two calls.
struct CallProbe {
    static let first = ChatToolCall(
        name: "probe_one", arguments: ["first_key": "first value", "numbers": [1, ["a": true]]])
    static let second = ChatToolCall(
        name: "probe_two", arguments: ["second_key": "second value", "numbers": [2, ["b": false]]])
    static let tools = [first, second].map { call in
        ChatTool(
            name: call.name, summary: "x",
            parameters: [
                "type": "object",
                "properties": .map(TemplateMap(call.arguments.entries.map { ($0.key, ["description": "x"]) })),
            ])
    }

    private static let user = ChatMessage(role: .user, content: "x")

    private let format: ChatFormat
    private let prompt: Prompt?
    /// The prompt's end, with and without a thought that it begins: a history shows none before a call.
    private let beginnings: [String]
    /// The text behind an answer in words.
    private let ending: String

    init(_ format: ChatFormat) {
        self.format = format
        prompt = Self.prompt([Self.user], format, isOpen: true)
        let text = prompt?.text ?? ""
        beginnings = [text] + (Self.withoutThought(text).map { [$0] } ?? [])
        let words = "An answer in words"
        let answered = Self.prompt([Self.user, ChatMessage(role: .assistant, content: words)], format)?.text ?? ""
        ending = answered.ranges(of: words).last.map { String(answered[$0.upperBound...]) } ?? ""
    }

    private static func prompt(_ messages: [ChatMessage], _ format: ChatFormat, isOpen: Bool = false) -> Prompt? {
        try? format.prompt(
            ChatConversation(
                messages: messages, tools: tools, addsGenerationPrompt: isOpen,
                today: TemplateDate(year: 2024, month: 7, day: 26)))
    }

    /// The template's text for an answer of these calls, up to the end of the turn.
    func turn(of calls: [ChatToolCall]) -> (text: String, beginning: ReplyFormat.Beginning)? {
        let answer = ChatMessage(role: .assistant, content: "", toolCalls: calls)
        guard let prompt, let whole = Self.prompt([Self.user, answer], format)?.text,
            let begun = beginnings.first(where: { whole.hasPrefix($0) })
        else { return nil }
        var text = Self.behindThought(whole.dropFirst(begun.count))
        if let end = format.stopTokens.compactMap({ text.firstRange(of: $0)?.lowerBound }).min() {
            text = text[..<end]
        } else if text.hasSuffix(ending) {
            text = text.dropLast(ending.count)
        }
        var beginning = ReplyFormat.Beginning(after: prompt, forms: format.callForms)
        if case .thought = beginning { beginning = .answer }
        return (String(text), beginning)
    }

    /// Without a thought that the prompt opens at its end, or opens and closes.
    private static func withoutThought(_ prompt: String) -> String? {
        for (open, close) in ReplyMark.thoughts {
            guard let mark = prompt.ranges(of: open.text).last else { continue }
            let rest = String(prompt[mark.upperBound...]).trimmed
            if rest.isEmpty || rest == close.text { return String(prompt[..<mark.lowerBound]) }
        }
        return nil
    }

    /// Behind the thought that an answer begins with, or its end.
    private static func behindThought(_ text: Substring) -> Substring {
        let begun = text.drop(while: \.isWhitespace)
        for (open, close) in ReplyMark.thoughts where begun.hasPrefix(open.text) || begun.hasPrefix(close.text) {
            guard let end = begun.firstRange(of: close.text) else { continue }
            return begun[end.upperBound...].drop(while: \.isWhitespace)
        }
        return text
    }

    /// Where the arguments are no JSON: what stands behind the name whatever they are.
    func sharedMiddle(_ rest: Substring) -> String {
        guard let none = turn(of: [ChatToolCall(name: Self.first.name, arguments: [:])])?.text,
            let name = none.firstRange(of: Self.first.name)
        else { return "" }
        return String(zip(rest, none[name.upperBound...]).prefix { $0 == $1 }.map(\.0))
    }
}

/// Where a call stands in a text.
struct CallPlace {
    let name: Range<String.Index>
    /// nil where they are not written as JSON.
    let arguments: Range<String.Index>?
    let style: CallSyntax.Arguments

    init?(of call: ChatToolCall, in text: Substring) {
        guard let name = text.firstRange(of: call.name) else { return nil }
        self.name = name
        let rest = text[name.upperBound...]
        let value = TemplateValue.map(call.arguments)
        if let spaced = try? value.json(), let range = rest.firstRange(of: spaced) {
            (arguments, style) = (range, .spaced)
        } else if let range = rest.firstRange(of: (try? value.json(isCompact: true)) ?? "?") {
            (arguments, style) = (range, .compact)
        } else {
            (arguments, style) = (nil, .other)
        }
    }
}
