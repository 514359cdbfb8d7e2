// Forms of one family each, in which a name stands before its arguments.

extension CallGrammar {
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

    /// functionary, behind the mark of whom a message is for: `name`, a line break, version 2's mark of content and the
    /// arguments.  `all` is the user.
    func recipient(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        if try cursor.take(text: "all\n") {
            _ = try open([.content], &cursor)
            return Reading(calls: [])
        }
        let name = try offeredName(&cursor)
        try cursor.expect("\n")
        _ = try open([.content], &cursor)
        let (call, repair) = try call(of: name, &cursor)
        return Reading(calls: [call], repair: repair)
    }
}
