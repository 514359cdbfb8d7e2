// `<function=…>`: Llama 3.1, functionary 3.1, Qwen3-Coder.

extension CallGrammar {
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
    func isAtEnd(_ cursor: ReplyCursor, or mark: ReplyMark) throws(Stop) -> Bool {
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
}
