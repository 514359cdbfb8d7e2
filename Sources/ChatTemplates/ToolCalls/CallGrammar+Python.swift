// Calls in the notation of Python.

extension CallGrammar {
    /// `[f(a=1), g(b="x")]`, keyword arguments only.
    func pythonList(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        var calls: [ChatToolCall] = []
        try cursor.expect("[")
        while true {
            try cursor.skipSpace()
            if !calls.isEmpty, try cursor.take("]") { break }
            calls.append(try pythonCall(&cursor))
            try cursor.skipSpace()
            if try cursor.take(",") { continue }
            try cursor.expect("]")
            break
        }
        return Reading(calls: calls)
    }

    /// `f(a=1)`, and more of them behind white space.
    func pythonCalls(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        try cursor.skipSpace()
        var calls = [try pythonCall(&cursor)]
        func next(_ cursor: inout ReplyCursor) throws(Stop) -> ChatToolCall {
            try cursor.skipSpace()
            return try pythonCall(&cursor)
        }
        while let call = try cursor.attempt(next) { calls.append(call) }
        return Reading(calls: calls)
    }

    /// Calls that are all of a reply: with words behind them they are an example.
    func wholeReply(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        let reading = try pythonCalls(&cursor)
        try cursor.skipSpace()
        guard try cursor.peek() == nil, !cursor.isCutOff else { throw .mismatch }
        return reading
    }

    private func pythonCall(_ cursor: inout ReplyCursor) throws(Stop) -> ChatToolCall {
        let name = try offeredName(&cursor)
        guard let call = tools.call(name, try keywords(&cursor)) else { throw .mismatch }
        return call
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
