/// Reads one call, or several that belong together, in any of a model's forms.
///
/// What opens it (a mark, a brace) decides the form; what stands inside is read in the files beside this one.
struct CallGrammar: Sendable {
    typealias Stop = ReplyCursor.Stop

    let tools: OfferedTools
    let forms: CallForms

    struct Reading {
        /// Empty for marks that turned out to say nothing: an empty list, a tag before plain text.
        var calls: [ChatToolCall]
        var repair: CallRepair?
    }

    /// The text around the place.
    struct Surroundings {
        /// Nothing but thoughts and calls came before.
        var isBeginning: Bool
        /// A call without a mark may stand here.
        var takesBareCalls: Bool
    }

    /// Marks that stand before a form's body.
    private static let opening: [ReplyMark] = [
        .toolCall, .graniteCall, .functionCall, .tools, .toolCallStart, .toolCode, .functools, .nemotronCalls,
        .toolCalls, .pythonTag, .deepSeekCalls,
    ]

    /// Whether a call could begin with it.
    static func canOpen(_ symbol: ReplySymbol) -> Bool {
        guard let byte = symbol.byte else { return true }
        return byte == UInt8(ascii: "<") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{")
            || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "`") || byte == UInt8(ascii: "f")
    }

    /// The calls at the cursor's place.
    func read(_ cursor: inout ReplyCursor, _ around: Surroundings) throws(Stop) -> Reading {
        var opened: ReplyMark?
        while let mark = try open(Self.opening, &cursor) {
            opened = mark
            if mark == .pythonTag { break }
            try cursor.skipSpace()
        }
        switch opened {
        case nil: return try unmarked(&cursor, around)
        case .pythonTag: return try tagged(&cursor)
        case .toolCalls:
            if let list = try cursor.attempt(body) { return list }
            return try headed(&cursor)
        // Definitions of tools stand between the same marks.
        case .tools: return try json(&cursor, isBare: true)
        case .toolCode:
            let reading = try values(&cursor)
            try endFence(&cursor)
            return reading
        default: return try body(&cursor)
        }
    }

    /// Takes one of these marks, if it counts: it came as a token, or the model's template writes it.
    func open(_ marks: [ReplyMark], _ cursor: inout ReplyCursor) throws(Stop) -> ReplyMark? {
        let symbol = try cursor.peek()
        guard let symbol, Self.canOpen(symbol) else { return nil }
        let isToken = symbol.byte == nil
        return try cursor.takeAny(isToken ? marks : marks.filter(forms.marks.contains))
    }

    private func unmarked(_ cursor: inout ReplyCursor, _ around: Surroundings) throws(Stop) -> Reading {
        switch try open([.function, .deepSeekCall, .recipient, .from], &cursor) {
        case .function?: return try function(&cursor)
        case .deepSeekCall?: return try deepSeek(&cursor)
        case .recipient?: return try recipient(&cursor)
        case .from?:
            guard try cursor.take(text: "assistant") else { throw .mismatch }
            try cursor.skipSpace()
            guard try open([.recipientName], &cursor) != nil else { throw .mismatch }
            return try recipient(&cursor)
        default: break
        }
        guard around.takesBareCalls else { throw .mismatch }
        if around.isBeginning {
            if let call = try builtinCall(&cursor) { return Reading(calls: [call]) }
            if let reading = try cursor.attempt(wholeReply) { return reading }
            if try fence(&cursor) {
                let reading = try bare(&cursor)
                try cursor.skipSpace()
                guard try cursor.take(text: "```") else { throw .mismatch }
                return reading
            }
        }
        return try bare(&cursor)
    }

    /// JSON or a list of Python calls that no mark announces: stricter, since an answer may be JSON for other reasons.
    private func bare(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        var ahead = cursor
        let isList = try ahead.take("[")
        if isList { try ahead.skipSpace() }
        guard try ahead.isAt("{") else {
            guard isList else { throw .mismatch }
            return try pythonList(&cursor)
        }
        try Self.expectKey(&ahead)
        return try json(&cursor, isBare: true)
    }

    /// An object whose first key a call could have.
    private static func expectKey(_ cursor: inout ReplyCursor) throws(Stop) {
        try cursor.expect("{")
        try cursor.skipSpace()
        let isDouble = try cursor.take("\"")
        if !isDouble { try cursor.expect("'") }
        for key in ["name", "type", "function", "parameters", "arguments", "id", "tool_calls"]
        where try cursor.take(text: key + (isDouble ? "\"" : "'")) { return }
        throw .mismatch
    }

    /// After `<|python_tag|>`: JSON, `name.call(…)`, a list of calls, or source for the code interpreter.  The tag
    /// before anything else says nothing.
    private func tagged(_ cursor: inout ReplyCursor) throws(Stop) -> Reading {
        let afterTag = cursor
        try cursor.skipSpace()
        let reading = try cursor.attempt { (cursor: inout ReplyCursor) throws(Stop) -> Reading in
            if let call = try builtinCall(&cursor) { return Reading(calls: [call]) }
            return try body(&cursor)
        }
        if let reading { return reading }
        let code = ChatTool.Builtin.codeInterpreter
        guard tools.offers(code) else {
            cursor = afterTag
            return Reading(calls: [])
        }
        let start = cursor.place
        while try cursor.next() != nil {}
        if cursor.isCutOff { throw .mismatch }
        let source = cursor.text(from: start).trimmed
        guard !source.isEmpty, let call = tools.call(code.rawValue, [code.argument: .string(source)]) else {
            return Reading(calls: [])
        }
        return Reading(calls: [call])
    }
}
