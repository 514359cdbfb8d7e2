extension CallGrammar {
    /// Reads the body behind most marks: JSON, in a code fence or not; `<function=…>`; Python calls, in a list or not.
    func body(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        if try cursor.take(.function) { return try function(&cursor) }
        if try cursor.take(.deepSeekCall) { return try deepSeek(&cursor) }
        let isFenced = try fence(&cursor)
        let reading = try values(&cursor)
        if isFenced { try endFence(&cursor) }
        return reading
    }

    /// Python calls, in a list or not, or JSON.
    func values(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        if try cursor.isAt("["), let list = try cursor.attempt(pythonList) { return list }
        if let calls = try cursor.attempt(pythonCalls) { return calls }
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
    func call(
        of name: String, _ cursor: inout ReplyCursor
    ) throws(Stop) -> (call: ChatToolCall, repair: CallRepair?) {
        var reader = LiteralReader(cursor)
        guard case .map(let arguments) = try reader.value(), let call = tools.call(name, arguments) else {
            throw .mismatch
        }
        cursor = reader.cursor
        return (call, try repair(of: &reader, &cursor))
    }

    /// The reader's repair, if any; a closing bracket too many, right behind the value, is repaired here.
    private func repair(of reader: inout LiteralReader, _ cursor: inout ReplyCursor) throws(Stop) -> CallRepair? {
        if reader.repair != nil { return reader.repair }
        var ahead = cursor
        while true {
            try ahead.skipSpace()
            guard try ahead.takeAny("}", "]") else { return reader.repair }
            cursor = ahead
            if reader.repair == nil { try reader.note(.bracketExtra) }
        }
    }

    /// Takes the opening line of a code fence.
    func fence(_ cursor: inout ReplyCursor) throws(Stop) -> Bool {
        guard try cursor.take(text: "```") else { return false }
        _ = try cursor.takeRun(where: \.isWord)
        try cursor.skipSpace()
        return true
    }

    func endFence(_ cursor: inout ReplyCursor) throws(Stop) {
        var ahead = cursor
        try ahead.skipSpace()
        if try ahead.take(text: "```") { cursor = ahead }
    }

    /// Takes the name of an offered tool.
    func offeredName(_ cursor: inout ReplyCursor) throws(Stop) -> String {
        for name in tools.names {
            var ahead = cursor
            guard try ahead.take(text: name) else { continue }
            if let next = try ahead.peek(), next.isWord || next == ReplySymbol("-") { continue }
            cursor = ahead
            return name
        }
        throw .mismatch
    }
}

extension TemplateValue {
    fileprivate var isDefinitions: Bool {
        if case .list(let items) = self { items.contains(where: \.isDefinition) } else { isDefinition }
    }
}
