extension CallGrammar {
    /// What stands behind most marks: JSON, in a code fence or not; `<function=…>`; a list of Python calls.
    func body(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        if try cursor.take(.function) { return try function(&cursor) }
        if try cursor.take(.deepSeekCall) { return try deepSeek(&cursor) }
        if try fence(&cursor) {
            let reading = try json(&cursor, isBare: false)
            try endFence(&cursor)
            return reading
        }
        if try cursor.isAt("["), let list = try cursor.attempt(pythonList) {
            return list
        }
        return try json(&cursor, isBare: false)
    }

    /// One call as JSON, or a list of them.
    func json(_ cursor: inout ReplyCursor, isBare: Bool) throws(Stop) -> Reading {
        var reader = LiteralReader(cursor)
        let value: TemplateValue
        do throws(Stop) {
            value = try reader.value()
        } catch {
            cursor = reader.cursor
            throw error
        }
        cursor = reader.cursor
        guard let calls = tools.calls(value), !isBare || (!calls.isEmpty && !value.isDefinitions) else {
            throw .text(until: cursor.place)
        }
        return Reading(calls: calls, repair: try repair(of: &reader, &cursor))
    }

    /// The arguments alone, as a JSON object.
    private func call(
        of name: String, _ cursor: inout ReplyCursor
    ) throws(Stop) -> (call: ChatToolCall, repair: CallRepair?) {
        var reader = LiteralReader(cursor)
        guard case .map(let arguments) = try reader.value(), let call = tools.call(name, arguments) else {
            throw .mismatch
        }
        cursor = reader.cursor
        return (call, try repair(of: &reader, &cursor))
    }

    /// What the reader repaired; a closing bracket too many, right behind the value, is repaired here.
    private func repair(of reader: inout LiteralReader, _ cursor: inout ReplyCursor) throws(Stop) -> CallRepair? {
        if reader.repair == nil, try cursor.takeAny("}", "]") { try reader.note(.bracketExtra) }
        return reader.repair
    }

    /// Takes the opening line of a code fence.
    func fence(_ cursor: inout ReplyCursor) throws(Stop) -> Bool {
        guard try cursor.take(text: "```") else { return false }
        _ = try cursor.takeRun(where: \.isWord)
        try cursor.skipSpace()
        return true
    }

    private func endFence(_ cursor: inout ReplyCursor) throws(Stop) {
        var ahead = cursor
        try ahead.skipSpace()
        if try ahead.take(text: "```") { cursor = ahead }
    }

    private func offeredName(_ cursor: inout ReplyCursor) throws(Stop) -> String {
        let punctuation = "-.:/".utf8.map { ReplySymbol($0) }
        guard let name = try cursor.takeRun(where: { $0.isWord || punctuation.contains($0) }), tools.offers(name)
        else { throw .mismatch }
        return name
    }

    /// Mistral: `name[CALL_ID]id[ARGS]{…}`, the middle parts missing in older models; several in a row.
    func headed(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        var reading = Reading(calls: [])
        func one(_ cursor: inout ReplyCursor) throws(Stop) {
            let name = try offeredName(&cursor)
            if try cursor.take(.callID) { _ = try cursor.takeRun { $0.isWord || $0 == ReplySymbol("-") } }
            let hasMark = try cursor.take(.arguments)
            try cursor.skipSpace()
            if try !cursor.isAt("{"), let call = tools.call(name, [:]) {
                // A tool without arguments.
                guard try hasMark ? isAtEnd(cursor, or: .toolCalls) : cursor.peek() == nil else { throw .mismatch }
                return reading.calls.append(call)
            }
            let (call, repair) = try call(of: name, &cursor)
            reading.calls.append(call)
            reading.repair = reading.repair ?? repair
        }
        func next(_ cursor: inout ReplyCursor) throws(Stop) -> Bool {
            try cursor.skipSpace()
            try one(&cursor)
            return true
        }
        try one(&cursor)
        while try cursor.attempt(next) ?? false {}
        return reading
    }

    /// After `<function=`: `name>{…}`, or Qwen3-Coder's `name>` and `<parameter=…>` for each argument.
    func function(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        let name = try offeredName(&cursor)
        try cursor.expect(">")
        try cursor.skipSpace()
        if try cursor.isAt("{") {
            let (call, repair) = try call(of: name, &cursor)
            return Reading(calls: [call], repair: repair)
        }
        var arguments = TemplateMap()
        while try cursor.take(.parameter) {
            guard let parameter = try cursor.takeRun(where: { $0 != ReplySymbol(">") && $0 != ReplySymbol("\n") })
            else { throw .mismatch }
            try cursor.expect(">")
            let value = try parameterText(&cursor, of: name)
            arguments[parameter.trimmed] = tools.value(value, of: parameter.trimmed, in: name)
            try cursor.skipSpace()
        }
        if try !cursor.take(.functionEnd) {
            guard !arguments.isEmpty, try isAtEnd(cursor, or: .toolCallEnd) else { throw .mismatch }
        }
        guard let call = tools.call(name, arguments) else { throw .mismatch }
        return Reading(calls: [call])
    }

    /// At the end of a reply that its model ended, or at the mark.
    private func isAtEnd(_ cursor: ReplyCursor, or mark: ReplyMark) throws(Stop) -> Bool {
        guard try cursor.peek() != nil else { return !cursor.isCutOff }
        return try cursor.isAt(mark)
    }

    /// The text up to the mark that ends it: one with another parameter or the call's end behind it.  So a mark inside
    /// a text is text.
    private func parameterText(_ cursor: inout ReplyCursor, of name: String) throws(Stop) -> String {
        let start = cursor.place
        while let symbol = try cursor.peek() {
            if symbol.byte == nil || symbol == ReplySymbol("<") {
                var end = cursor
                if try endsParameter(&end, of: name) {
                    let text = cursor.text(from: start)
                    cursor = end
                    return Self.withoutLineBreaks(text)
                }
            }
            _ = try cursor.next()
        }
        throw .mismatch
    }

    /// Takes the mark that ends a parameter; where it is missing the next parameter ends the text.
    private func endsParameter(_ cursor: inout ReplyCursor, of name: String) throws(Stop) -> Bool {
        if try cursor.take(.parameterEnd) {
            try cursor.skipSpace()
            if try cursor.isAt(.parameter) { return true }
            return try cursor.isAt(.functionEnd) ? true : isAtEnd(cursor, or: .toolCallEnd)
        }
        var ahead = cursor
        guard try ahead.take(.parameter), let parameter = try ahead.takeRun(where: \.isWord) else { return false }
        return try ahead.isAt(">") && tools.has(parameter, in: name)
    }

    /// Without the line break behind the opening mark and the one before the closing mark.
    private static func withoutLineBreaks(_ text: String) -> String {
        var text = Substring(text)
        if text.first?.isNewline == true { text.removeFirst() }
        if text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }

    /// DeepSeek, after the mark of one call: `name` mark `{…}`, or `function` mark `name` and the arguments fenced.
    func deepSeek(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        let separator = ReplySymbol.spelling(.deepSeekSeparator).first.map { ReplySymbol($0) }
        let kind = try cursor.takeRun { $0.byte != nil && $0 != separator } ?? ""
        guard try cursor.take(.deepSeekSeparator) else { throw .mismatch }
        try cursor.skipSpace()
        let next = try cursor.peek()
        let isNamed = next == ReplySymbol("{") || next == ReplySymbol("`")
        let name = isNamed ? kind.trimmed : try offeredName(&cursor)
        try cursor.skipSpace()
        let isFenced = try fence(&cursor)
        let (call, repair) = try call(of: name, &cursor)
        if isFenced { try endFence(&cursor) }
        return Reading(calls: [call], repair: repair)
    }

    /// functionary, after `>>>`: `name`, a line break and the arguments.  `all` is said to the user.
    func recipient(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        if try cursor.take(text: "all\n") { return Reading(calls: []) }
        let name = try offeredName(&cursor)
        try cursor.expect("\n")
        let (call, repair) = try call(of: name, &cursor)
        return Reading(calls: [call], repair: repair)
    }

    /// `[f(a=1), g(b="x")]`, keyword arguments only.
    func pythonList(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        var calls: [ChatToolCall] = []
        try cursor.expect("[")
        while true {
            try cursor.skipSpace()
            if !calls.isEmpty, try cursor.take("]") { break }
            let name = try offeredName(&cursor)
            guard let call = tools.call(name, try keywords(&cursor)) else { throw .mismatch }
            calls.append(call)
            try cursor.skipSpace()
            if try cursor.take(",") { continue }
            try cursor.expect("]")
            break
        }
        return Reading(calls: calls)
    }

    /// `(a=1, b="x")`
    private func keywords(_ cursor: inout ReplyCursor) throws(Stop) -> TemplateMap {
        var arguments = TemplateMap()
        try cursor.expect("(")
        while true {
            try cursor.skipSpace()
            if try cursor.take(")") { return arguments }
            guard let key = try cursor.takeRun(where: \.isWord) else { throw .mismatch }
            try cursor.skipSpace()
            try cursor.expect("=")
            var reader = LiteralReader(cursor, dialect: .python)
            arguments[key] = try reader.value()
            cursor = reader.cursor
            try cursor.skipSpace()
            if try cursor.take(",") { continue }
            try cursor.expect(")")
            return arguments
        }
    }

    /// `brave_search.call(query="…")`; quotes inside the query are not escaped, so the line's last one ends it.
    func builtinCall(_ cursor: inout ReplyCursor) throws(Stop) -> ChatToolCall? {
        for builtin in tools.builtins {
            for name in [builtin.nameForModel, builtin.rawValue] where try cursor.take(text: "\(name).call") {
                let arguments = try cursor.attempt(keywords)
                if let arguments { return tools.call(name, arguments) }
                return tools.call(name, ["query": .string(try restOfLine(&cursor))])
            }
        }
        return nil
    }

    private func restOfLine(_ cursor: inout ReplyCursor) throws(Stop) -> String {
        guard try cursor.take(text: "(query=\"") else { throw .mismatch }
        let start = cursor.place
        var last: (text: String, end: Int)?
        while let symbol = try cursor.peek(), symbol != ReplySymbol("\n") {
            let text = cursor
            if try cursor.take(text: "\")") {
                last = (text.text(from: start), cursor.place)
            } else {
                _ = try cursor.next()
            }
        }
        guard let last else { throw .mismatch }
        cursor.move(to: last.end)
        return last.text
    }
}

extension TemplateValue {
    fileprivate var isDefinitions: Bool {
        if case .list(let items) = self { items.contains(where: \.isDefinition) } else { isDefinition }
    }
}
