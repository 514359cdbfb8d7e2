extension Jinja {
    /// How `tojson` writes: Python's `json.dumps`, with `ensure_ascii` off unless asked for.
    struct JSONStyle {
        var indent: [UInt8]?
        var betweenItems: [UInt8]
        var afterKey: [UInt8] = Array(": ".utf8)
        var sortsKeys = false
        var isASCII = false

        init(indent: [UInt8]? = nil) {
            self.indent = indent
            betweenItems = Array((indent == nil ? ", " : ",").utf8)
        }
    }
}

extension Jinja.Machine {
    func json(_ value: Value, _ style: Jinja.JSONStyle) throws(TemplateError) -> Text {
        var text = Text()
        try writeJSON(value, style, level: 0, into: &text)
        try check(text)
        return text
    }

    private func writeJSON(
        _ value: Value, _ style: Jinja.JSONStyle, level: Int, into text: inout Text
    ) throws(TemplateError) {
        try charge(1)
        if text.bytes.count > limits.outputBytesMax { try check(text) }
        switch value {
        case .list(let list) where list.isTuple || list.form == .list:
            try writeJSON(list, style, level: level, into: &text)
        case .map(let map): try writeJSON(map, style, level: level, into: &text)
        default: try writeJSONLeaf(value, style, into: &text)
        }
    }

    private func writeJSON(
        _ list: Jinja.List, _ style: Jinja.JSONStyle, level: Int, into text: inout Text
    ) throws(TemplateError) {
        text.append("[")
        for place in list.items.indices {
            try separate(place, style, level: level + 1, in: &text)
            try writeJSON(list.items[place], style, level: level + 1, into: &text)
        }
        try close("]", isEmpty: list.items.isEmpty, style, level: level, in: &text)
    }

    private func writeJSON(
        _ map: Jinja.Map, _ style: Jinja.JSONStyle, level: Int, into text: inout Text
    ) throws(TemplateError) {
        text.append("{")
        let entries = try ordered(map, style)
        for place in entries.indices {
            try separate(place, style, level: level + 1, in: &text)
            try writeKey(entries[place].key, style, into: &text)
            try writeJSON(entries[place].value, style, level: level + 1, into: &text)
        }
        try close("}", isEmpty: entries.isEmpty, style, level: level, in: &text)
    }

    private func writeKey(_ key: Value, _ style: Jinja.JSONStyle, into text: inout Text) throws(TemplateError) {
        try writeJSON(try self.key(key), style, into: &text)
        text.append(style.afterKey, as: .template)
    }

    private func writeJSONLeaf(
        _ value: Value, _ style: Jinja.JSONStyle, into text: inout Text
    ) throws(TemplateError) {
        switch value {
        case .none: text.append("null")
        case .bool(let value): value ? text.append("true") : text.append("false")
        case .int(let value): text.append(String(value), trusted: true)
        case .double(let value): text.append(Self.jsonDigits(value), trusted: true)
        case .wide(let value): text.append(value.text, trusted: true)
        case .text(let inner): try writeJSON(inner, style, into: &text)
        case .undefined(let what): throw fault("\(what) is undefined, and tojson cannot write that")
        default: throw fault("tojson cannot write a \(value.typeName)")
        }
    }

    private static func jsonDigits(_ value: Double) -> String {
        value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : Jinja.digits(value)
    }

    private func ordered(_ map: Jinja.Map, _ style: Jinja.JSONStyle) throws(TemplateError) -> [Jinja.Map.Entry] {
        guard style.sortsKeys else { return map.entries }
        return try sorted(map.entries, by: map.entries.map(\.key), reverse: false)
    }

    private func key(_ key: Value) throws(TemplateError) -> Text {
        switch key {
        case .text(let text): return text
        case .bool(let value): return .trusted(value ? "true" : "false")
        case .none: return .trusted("null")
        case .int, .wide: return try shown(key)
        case .double(let value): return .trusted(Self.jsonDigits(value))
        default: throw fault("tojson cannot write a key of type \(key.typeName)")
        }
    }

    private func separate(
        _ place: Int, _ style: Jinja.JSONStyle, level: Int, in text: inout Text
    ) throws(TemplateError) {
        if place > 0 { text.append(style.betweenItems, as: .template) }
        try breakLine(style, level: level, in: &text)
    }

    private func close(
        _ mark: StaticString, isEmpty: Bool, _ style: Jinja.JSONStyle, level: Int, in text: inout Text
    ) throws(TemplateError) {
        if !isEmpty { try breakLine(style, level: level, in: &text) }
        text.append(mark)
    }

    private func breakLine(_ style: Jinja.JSONStyle, level: Int, in text: inout Text) throws(TemplateError) {
        guard let indent = style.indent else { return }
        text.append("\n")
        try charge(indent.count * level / 16)
        for _ in 0..<level { text.append(indent, as: .template) }
    }

    private func writeJSON(
        _ inner: Text, _ style: Jinja.JSONStyle, into text: inout Text
    ) throws(TemplateError) {
        try charge(inner.weight / 16)
        text.append("\"")
        for run in inner.runs {
            var written: [UInt8] = []
            written.reserveCapacity(run.range.count)
            for byte in inner.bytes[run.range] {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): written += [UInt8(ascii: "\\"), byte]
                case 10: written += Array("\\n".utf8)
                case 13: written += Array("\\r".utf8)
                case 9: written += Array("\\t".utf8)
                case 8: written += Array("\\b".utf8)
                case 12: written += Array("\\f".utf8)
                case 0..<32:
                    written += Array((byte < 16 ? "\\u000" : "\\u00").utf8) + Array(String(byte, radix: 16).utf8)
                default: written.append(byte)
                }
            }
            text.append(style.isASCII ? Self.escapingOutsideASCII(written) : written, as: run.origin)
        }
        text.append("\"")
    }

    /// `\u` and four digits for each unit of UTF-16 that is no printable ASCII.
    private static func escapingOutsideASCII(_ written: [UInt8]) -> [UInt8] {
        if written.allSatisfy({ $0 < 0x7F }) { return written }
        var escaped: [UInt8] = []
        for unit in String(decoding: written, as: UTF8.self).utf16 {
            if unit < 0x7F {
                escaped.append(UInt8(unit))
            } else {
                let digits = String(unit, radix: 16)
                escaped += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            }
        }
        return escaped
    }
}
