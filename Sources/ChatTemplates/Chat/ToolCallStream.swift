/// Lets the text of a reply through as it comes, and holds back what may be a call until it is known to be one.
///
/// Text that turns out to be no call comes out unchanged, late but whole.  Work is linear in the reply's length, and at
/// most `ToolCallLimits.callBytesMax` are held.
package struct ToolCallStream: Sendable {
    package enum Event: Sendable, Equatable {
        case text(String)
        case call(ChatToolCall)
    }

    private enum State {
        /// Nothing shown yet but white space: the whole reply may be a call.
        case beginning
        /// Ordinary text; a mark may open a call anywhere.
        case text
        /// Inside a mark; the text that closes it, nil for the reply's end.
        case held(until: [UInt8]?)
    }

    private let parser: ToolCallParser?
    private var state = State.beginning
    private var buffer: [UInt8] = []
    /// Bytes of `buffer` already looked at for the closing mark.
    private var scanned = 0
    private var callsMade = 0
    /// After a call: white space between calls is no text of the reply.
    private var skipsSpace = false

    /// - Parameter parser: nil, or one without tools, for a reply that can make no calls: then nothing is held back.
    package init(parser: ToolCallParser?) { self.parser = parser?.tools.isEmpty == true ? nil : parser }

    private static let marks: [(open: [UInt8], close: [UInt8]?)] = [
        (Array("<function=".utf8), Array("</function>".utf8)), (Array("<tool_call>".utf8), Array("</tool_call>".utf8)),
        (Array("[TOOL_CALLS]".utf8), nil), (Array(ToolCallParser.pythonTag.utf8), nil),
    ]

    /// The next piece of the reply.
    package mutating func add(_ delta: String) -> [Event] {
        guard let parser else { return delta.isEmpty ? [] : [.text(delta)] }
        buffer += delta.utf8
        var events: [Event] = []
        while step(parser, &events) {}
        return Self.merged(events)
    }

    /// The reply is over: what is still held is a call or text.
    package mutating func finish() -> [Event] {
        guard let parser, !buffer.isEmpty else { return [] }
        let text = String(decoding: buffer, as: UTF8.self)
        buffer = []
        if case .text = state { return [.text(text)] }
        let reply = parser.parse(text)
        if reply.toolCalls.isEmpty { return reply.content.isEmpty ? [] : [.text(reply.content)] }
        return Self.merged([.text(reply.leadingText)] + reply.toolCalls.map { .call($0) })
    }

    /// One move; false when more text is needed.
    private mutating func step(_ parser: ToolCallParser, _ events: inout [Event]) -> Bool {
        switch state {
        case .beginning:
            switch Opening.of(buffer, parser) {
            case .undecided: return false
            case .text: state = .text
            case .wholeReply: state = .held(until: nil)
            }
            return true
        case .text: return passText(&events)
        case .held(let close?): return readCall(until: close, parser, &events)
        case .held(nil):
            guard buffer.count > parser.limits.callBytesMax else { return false }
            release(buffer.count, &events)
            state = .text
            return false
        }
    }

    /// Shows all up to a mark, or to what may become one.
    private mutating func passText(_ events: inout [Event]) -> Bool {
        if skipsSpace {
            buffer = Array(buffer.drop { $0 == 10 || $0 == 13 || $0 == 32 })
            skipsSpace = buffer.isEmpty
        }
        for place in buffer.indices where buffer[place] == UInt8(ascii: "<") || buffer[place] == UInt8(ascii: "[") {
            let rest = buffer[place...]
            if let mark = Self.marks.first(where: { rest.starts(with: $0.open) }) {
                release(place, &events)
                state = .held(until: mark.close)
                return true
            }
            if Self.marks.contains(where: { $0.open.starts(with: rest) }) {
                release(place, &events)
                return false
            }
        }
        release(buffer.count, &events)
        return false
    }

    /// Looks for the end of the call that `buffer` begins with.
    private mutating func readCall(until close: [UInt8], _ parser: ToolCallParser, _ events: inout [Event]) -> Bool {
        let from = max(0, scanned - close.count)
        let found = buffer.count >= close.count ? Jinja.Text(buffer, trusted: false).find(close, from: from) : nil
        scanned = buffer.count
        guard let found else {
            guard buffer.count > parser.limits.callBytesMax else { return false }
            release(buffer.count, &events)
            state = .text
            return false
        }
        let end = found + close.count
        let calls =
            callsMade < parser.limits.callsMax
            ? parser.parse(String(decoding: buffer[..<end], as: UTF8.self)).toolCalls : []
        if calls.isEmpty {
            release(end, &events)
        } else {
            callsMade += calls.count
            events += calls.map { .call($0) }
            buffer.removeFirst(end)
            skipsSpace = true
            scanned = 0
        }
        state = .text
        return true
    }

    private mutating func release(_ count: Int, _ events: inout [Event]) {
        if count > 0 { events.append(.text(String(decoding: buffer[..<count], as: UTF8.self))) }
        buffer.removeFirst(count)
        scanned = 0
    }

    private static func merged(_ events: [Event]) -> [Event] {
        var merged: [Event] = []
        for event in events {
            if case .text(let more) = event {
                if more.isEmpty { continue }
                if case .text(let before)? = merged.last {
                    merged[merged.count - 1] = .text(before + more)
                    continue
                }
            }
            merged.append(event)
        }
        return merged
    }
}

/// What the first bytes of a reply say about the rest.
private enum Opening {
    case undecided, text, wholeReply

    /// Bytes after which a reply that has not declared itself is text.
    static let lookaheadMax = 256

    static func of(_ bytes: [UInt8], _ parser: ToolCallParser) -> Opening {
        let body = bytes.drop { $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }
        guard let first = body.first else { return bytes.count > lookaheadMax ? .text : .undecided }
        for whole in [ToolCallParser.pythonTag, ToolCallParser.header] {
            if body.starts(with: whole.utf8) { return .wholeReply }
            if Array(whole.utf8).starts(with: body) { return .undecided }
        }
        if first == UInt8(ascii: "{") { return object(body.dropFirst()) }
        if first == UInt8(ascii: "[") { return list(body.dropFirst()) }
        return builtin(body)
    }

    /// An object whose first key a call could have.
    private static func object(_ rest: ArraySlice<UInt8>) -> Opening {
        let rest = rest.drop { $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }
        guard let quote = rest.first else { return .undecided }
        guard quote == UInt8(ascii: "\"") else { return .text }
        let key = rest.dropFirst()
        let keys = ["name", "type", "function", "parameters", "arguments", "id"].map { Array("\($0)\"".utf8) }
        if keys.contains(where: { key.starts(with: $0) }) { return .wholeReply }
        return keys.contains { $0.starts(with: key) } ? .undecided : .text
    }

    /// A list of objects, `[TOOL_CALLS]`, or a list of calls `[name(`.
    private static func list(_ rest: ArraySlice<UInt8>) -> Opening {
        if Array("TOOL_CALLS]".utf8).starts(with: rest) { return rest.count < 11 ? .undecided : .text }
        let rest = rest.drop { $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }
        guard let first = rest.first else { return .undecided }
        if first == UInt8(ascii: "{") { return object(rest.dropFirst()) }
        let after = rest.drop { isWord($0) || $0 == UInt8(ascii: ".") }
        if after.startIndex == rest.startIndex { return .text }
        guard let next = after.first else { return rest.count > lookaheadMax ? .text : .undecided }
        return next == UInt8(ascii: "(") ? .wholeReply : .text
    }

    /// `name.call(` with the name of a built-in tool.
    private static func builtin(_ body: ArraySlice<UInt8>) -> Opening {
        for tool in ChatTool.Builtin.allCases {
            for name in [tool.nameForModel, tool.rawValue] {
                let wanted = Array("\(name).call(".utf8)
                if body.starts(with: wanted) { return .wholeReply }
                if wanted.starts(with: body) { return .undecided }
            }
        }
        return .text
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (97...122).contains(byte | 32) || (48...57).contains(byte)
    }
}
