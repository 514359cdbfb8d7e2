/// What a reply may cost to be parsed.
package struct ToolCallLimits: Sendable, Equatable {
    /// Bytes of one call's text; a longer one is text, not a call.
    package var callBytesMax = 64 << 10
    package var callsMax = 32
    package init() {}
}

/// A reply taken apart.
package struct ParsedReply: Sendable, Equatable {
    package enum Ending: Sendable { case endOfTurn, endOfMessage }
    /// What the reply says; empty when it makes calls.
    package var content: String
    package var toolCalls: [ChatToolCall]
    /// How the model ended it, where the end token was in the text.
    package var ending: Ending?
    /// Text before the first call, which a stream has already shown.
    package var leadingText = ""
}

/// Finds the calls in what a model wrote, in the forms of Llama 3.1 and 3.2, Hermes, Qwen and Mistral.
///
/// Control tokens of the reply, such as `<|python_tag|>`, must be in the text.  Without tools nothing is a call.
package struct ToolCallParser: Sendable {
    package let tools: [ChatTool]
    package let limits: ToolCallLimits
    private let names: Set<String>

    package init(tools: [ChatTool], limits: ToolCallLimits = .init()) {
        (self.tools, self.limits) = (tools, limits)
        names = Set(tools.map(\.name))
    }

    static let header = "<|start_header_id|>assistant<|end_header_id|>"
    static let pythonTag = "<|python_tag|>"
    private static let ends: [(String, ParsedReply.Ending)] = [
        ("<|eom_id|>", .endOfMessage), ("<|eot_id|>", .endOfTurn), ("<|im_end|>", .endOfTurn),
        ("<|end_of_text|>", .endOfTurn),
        ("<|endoftext|>", .endOfTurn), ("</s>", .endOfTurn),
    ]

    /// Takes a whole reply apart; the first form that fits wins.
    package func parse(_ reply: String) -> ParsedReply {
        var text = Substring(reply)
        let trimmed = text.drop(while: \.isWhitespace)
        if trimmed.hasPrefix(Self.header) { text = trimmed.dropFirst(Self.header.count).drop(while: \.isNewline) }
        var ending: ParsedReply.Ending?
        for (token, meaning) in Self.ends {
            let end = text.trimmedEnd
            if end.hasSuffix(token) {
                text = end.dropLast(token.count)
                ending = meaning
                break
            }
        }
        if !tools.isEmpty, let found = calls(in: text), !found.calls.isEmpty {
            return ParsedReply(content: "", toolCalls: found.calls, ending: ending, leadingText: found.leading)
        }
        let tagged = text.drop(while: \.isWhitespace)
        if tagged.hasPrefix(Self.pythonTag) { text = tagged.dropFirst(Self.pythonTag.count) }
        return ParsedReply(content: String(text), toolCalls: [], ending: ending)
    }

    private func calls(in text: Substring) -> (leading: String, calls: [ChatToolCall])? {
        var body = text.trimmed
        let isTagged = body.hasPrefix(Self.pythonTag)
        if isTagged { body = body.dropFirst(Self.pythonTag.count).trimmed }
        if let found = marked(body, "<function=", "</function>", functionTag) { return found }
        if let found = marked(body, "<tool_call>", "</tool_call>", jsonCall) { return found }
        if let found = mistral(body) { return found }
        var leading = ""
        if body.hasPrefix("<think>"), let end = body.firstRange(of: "</think>") {
            leading = String(body[..<end.upperBound])
            body = body[end.upperBound...].trimmed
        }
        guard body.utf8.count <= limits.callBytesMax else { return nil }
        if body.hasPrefix("{"), let call = jsonCall(body) { return (leading, [call]) }
        if body.hasPrefix("["), let calls = jsonList(body) ?? pythonList(body) { return (leading, calls) }
        if let call = builtinCall(body) { return (leading, [call]) }
        if isTagged, names.contains(ChatTool.Builtin.codeInterpreter.rawValue), !body.isEmpty {
            let code = ChatTool.Builtin.codeInterpreter
            return (leading, [ChatToolCall(name: code.rawValue, arguments: [code.argument: .string(String(body))])])
        }
        return nil
    }

    /// Every stretch between `open` and `close`.  Nil, so that all stays text, unless each reads as a call.
    private func marked(
        _ text: Substring, _ open: String, _ close: String, _ read: (Substring) -> ChatToolCall?
    ) -> (String, [ChatToolCall])? {
        guard let first = text.firstRange(of: open) else { return nil }
        var calls: [ChatToolCall] = []
        var rest = text[first.lowerBound...]
        while let start = rest.firstRange(of: open), calls.count < limits.callsMax {
            let inside = rest[start.upperBound...]
            let end = inside.firstRange(of: close)
            let body = inside[..<(end?.lowerBound ?? inside.endIndex)]
            guard body.utf8.count <= limits.callBytesMax, let call = read(body) else { return nil }
            calls.append(call)
            guard let end else { break }
            rest = inside[end.upperBound...]
        }
        return (String(text[..<first.lowerBound]), calls)
    }

    /// `name>{arguments}`, after `<function=`.
    private func functionTag(_ text: Substring) -> ChatToolCall? {
        guard let mark = text.firstIndex(of: ">") else { return nil }
        let name = text[..<mark].trimmed
        guard !name.isEmpty, case .map(let arguments)? = LiteralReader.value(String(text[text.index(after: mark)...]))
        else {
            return nil
        }
        return repaired(String(name), arguments)
    }

    /// `{"type": "function", "name": N, "parameters": {…}}`, and its relatives.
    func jsonCall(_ text: Substring) -> ChatToolCall? {
        LiteralReader.value(String(text)).flatMap(call)
    }

    private func call(_ value: TemplateValue) -> ChatToolCall? {
        guard case .map(var object) = value else { return nil }
        let isFunction = object["type"] == .string("function")
        if case .map(let inner)? = object["function"] { object = inner }
        var name: String?
        if case .string(let text)? = object["name"] { name = text }
        if name == nil, isFunction, case .string(let text)? = object["function"] { name = text }
        guard let name, !name.isEmpty else { return nil }
        switch object["parameters"] ?? object["arguments"] {
        case .map(let arguments)?: return repaired(name, arguments)
        case .string(let text)?:
            guard case .map(let arguments)? = LiteralReader.value(text) else { return nil }
            return repaired(name, arguments)
        case nil, .null?: return isFunction || isKnown(name) ? repaired(name, [:]) : nil
        default: return nil
        }
    }

    private func isKnown(_ name: String) -> Bool {
        names.contains(name) || ChatTool.Builtin(anyName: name).map { names.contains($0.rawValue) } ?? false
    }

    /// `[TOOL_CALLS] [{…}, …]`, or `[TOOL_CALLS]name{…}` as newer ones write it.
    private func mistral(_ text: Substring) -> (String, [ChatToolCall])? {
        guard let mark = text.firstRange(of: "[TOOL_CALLS]") else { return nil }
        let leading = String(text[..<mark.lowerBound])
        let body = text[mark.upperBound...].trimmed
        guard body.utf8.count <= limits.callBytesMax else { return nil }
        if body.hasPrefix("["), let calls = jsonList(body) { return (leading, calls) }
        if body.hasPrefix("{"), let call = jsonCall(body) { return (leading, [call]) }
        var calls: [ChatToolCall] = []
        var rest = body
        while !rest.isEmpty, calls.count < limits.callsMax {
            if rest.hasPrefix("[TOOL_CALLS]") { rest = rest.dropFirst("[TOOL_CALLS]".count) }
            guard let brace = rest.firstIndex(of: "{") else { return nil }
            var name = rest[..<brace].trimmed
            if name.hasSuffix("[ARGS]") { name = name.dropLast("[ARGS]".count) }
            var reader = LiteralReader(Array(rest[brace...].utf8))
            guard !name.isEmpty, case .map(let arguments)? = reader.value() else { return nil }
            calls.append(repaired(String(name), arguments))
            rest = Substring(String(decoding: reader.bytes[reader.place...], as: UTF8.self)).trimmed
        }
        return (leading, calls)
    }

    private func jsonList(_ text: Substring) -> [ChatToolCall]? {
        guard case .list(let items)? = LiteralReader.value(String(text)), !items.isEmpty, items.count <= limits.callsMax
        else {
            return nil
        }
        let calls = items.compactMap(call)
        return calls.count == items.count ? calls : nil
    }

    /// `[f(a=1), g(b="x")]`, keyword arguments only.
    private func pythonList(_ text: Substring) -> [ChatToolCall]? {
        var reader = LiteralReader(Array(text.utf8), dialect: .python)
        guard reader.skip("[") else { return nil }
        var calls: [ChatToolCall] = []
        repeat {
            if !calls.isEmpty, reader.skip("]") { return reader.isAtEnd ? calls : nil }
            guard calls.count < limits.callsMax, let name = reader.name(dots: true),
                let arguments = keywords(&reader)
            else { return nil }
            calls.append(repaired(name, arguments))
        } while reader.skip(",")
        return reader.skip("]") && reader.isAtEnd ? calls : nil
    }

    /// `(a=1, b="x")`
    private func keywords(_ reader: inout LiteralReader) -> TemplateMap? {
        guard reader.skip("(") else { return nil }
        var arguments = TemplateMap()
        if reader.skip(")") { return arguments }
        repeat {
            guard let key = reader.name(), reader.skip("="), let value = reader.value() else { return nil }
            arguments[key] = value
        } while reader.skip(",")
        return reader.skip(")") ? arguments : nil
    }

    /// `brave_search.call(query="…")`; quotes inside the query are not escaped, so the last one ends it.
    private func builtinCall(_ text: Substring) -> ChatToolCall? {
        guard let mark = text.firstRange(of: ".call("), text.hasSuffix(")"), mark.upperBound < text.endIndex else {
            return nil
        }
        let name = text[..<mark.lowerBound]
        guard !name.isEmpty,
            name.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || (97...122).contains($0 | 32) || (48...57).contains($0) })
        else { return nil }
        var reader = LiteralReader(Array(text[text.index(before: mark.upperBound)...].utf8), dialect: .python)
        if let arguments = keywords(&reader), reader.isAtEnd { return repaired(String(name), arguments) }
        let inside = text[mark.upperBound...].dropLast().trimmed
        guard inside.hasPrefix("query=\""), inside.hasSuffix("\""), inside.count >= 8 else { return nil }
        return repaired(String(name), ["query": .string(String(inside.dropFirst(7).dropLast()))])
    }

    /// A call in any form that names a built-in becomes a call of that built-in, by the draft's name, with one
    /// argument: its own if that is there, else the first value given.
    private func repaired(_ name: String, _ arguments: TemplateMap) -> ChatToolCall {
        guard let builtin = ChatTool.Builtin(anyName: name), name == builtin.rawValue || !names.contains(name) else {
            return ChatToolCall(name: name, arguments: arguments)
        }
        if tools.contains(where: { $0.name == name && !$0.parameters.isEmpty }) {
            return ChatToolCall(name: name, arguments: arguments)
        }
        let value = arguments[builtin.argument] ?? arguments.entries.first?.value ?? ""
        return ChatToolCall(name: builtin.rawValue, arguments: [builtin.argument: value])
    }
}

extension Substring {
    var trimmedEnd: Substring {
        var text = self
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
    var trimmed: Substring { drop(while: \.isWhitespace).trimmedEnd }
}
