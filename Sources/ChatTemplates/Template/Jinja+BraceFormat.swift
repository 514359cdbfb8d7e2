// Python's `pattern.format(values)`.
extension Jinja.Machine {
    func fill(_ pattern: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        var numbering = Numbering()
        return try text(try filled(pattern, arguments, &numbering, levels: 2))
    }

    /// `{}` counts, `{0}` does not; Python refuses a mixture.
    private struct Numbering {
        var next = 0
        var isManual: Bool?
    }

    private func filled(
        _ pattern: Text, _ arguments: Jinja.Arguments, _ numbering: inout Numbering, levels: Int
    ) throws(TemplateError) -> Text {
        guard levels > 0 else { throw fault("a format inside a format inside a format") }
        var result = pattern.slice(0..<0)
        var place = 0
        let bytes = pattern.bytes
        let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
        while place < bytes.count {
            try charge(1)
            let byte = bytes[place]
            guard byte == open || byte == close else {
                let end = bytes[place...].firstIndex { $0 == open || $0 == close } ?? bytes.count
                result.append(pattern.slice(place..<end))
                place = end
                continue
            }
            if levels == 2, place + 1 < bytes.count, bytes[place + 1] == byte {
                result.append(pattern.slice(place..<place + 1))
                place += 2
                continue
            }
            var depth = 0
            var end = place
            while end < bytes.count {
                if bytes[end] == open { depth += 1 }
                if bytes[end] == close { depth -= 1 }
                if depth <= 0 { break }
                end += 1
            }
            guard byte == open, end < bytes.count else { throw fault("a format has a brace without its partner") }
            let field = pattern.slice(place + 1..<end)
            result.append(try value(of: field, arguments, &numbering, levels, isMarkup: pattern.isMarkup))
            if result.bytes.count > limits.outputBytesMax { try check(result) }
            place = end + 1
        }
        return result
    }

    /// `name!r:spec`
    private func value(
        of field: Text, _ arguments: Jinja.Arguments, _ numbering: inout Numbering, _ levels: Int, isMarkup: Bool
    ) throws(TemplateError) -> Text {
        let bytes = field.bytes
        var end = bytes.count
        var inBrackets = false
        for (place, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "[") { inBrackets = true }
            if byte == UInt8(ascii: "]") { inBrackets = false }
            if !inBrackets, byte == UInt8(ascii: ":") || byte == UInt8(ascii: "!") {
                end = place
                break
            }
        }
        var value = try lookUp(field.slice(0..<end).string, arguments, &numbering)
        var rest = field.slice(end..<bytes.count)
        if rest.bytes.first == UInt8(ascii: "!") {
            guard rest.bytes.count > 1, rest.bytes.count == 2 || rest.bytes[2] == UInt8(ascii: ":") else {
                throw fault("a format's '!' needs one of s, r and a behind it")
            }
            switch rest.bytes[1] {
            case UInt8(ascii: "s"): value = .text(try shown(value))
            case UInt8(ascii: "r"): value = .text(try represented(value))
            case UInt8(ascii: "a"): value = .text(Self.ascii(try represented(value)))
            default: throw fault("a format's '!' needs one of s, r and a behind it")
            }
            rest = rest.slice(2..<rest.bytes.count)
        }
        if rest.bytes.count > 1 {
            let written = try filled(rest.slice(1..<rest.bytes.count), arguments, &numbering, levels: levels - 1)
            if !written.isEmpty {
                guard let spec = Jinja.FormatSpec(written) else {
                    throw fault("'\(written.string.prefix(60))' is not a format")
                }
                let text = try formatted(value, by: spec)
                return isMarkup ? try escaped(text.asMarkup(false)) : text
            }
        }
        let text = try shown(value)
        return isMarkup ? try escaped(text) : text
    }

    /// `0`, `name`, `0.attribute`, `name[key]`
    private func lookUp(
        _ field: String, _ arguments: Jinja.Arguments, _ numbering: inout Numbering
    ) throws(TemplateError) -> Value {
        let name = String(field.prefix { $0 != "." && $0 != "[" })
        let index = name.isEmpty ? numbering.next : name.allSatisfy(\.isNumber) ? Int(name) : nil
        if index != nil {
            if let isManual = numbering.isManual, isManual == name.isEmpty {
                throw fault("a format counts its fields and names them by number too")
            }
            numbering.isManual = !name.isEmpty
            if name.isEmpty { numbering.next += 1 }
        }
        let found =
            index.map { arguments.positional.indices.contains($0) ? arguments.positional[$0] : nil }
            ?? arguments.named.first { $0.0 == name }?.1
        guard var value = found else { throw fault("a format names '\(name.prefix(60))', which it was not given") }
        var rest = field.dropFirst(name.count)
        while let mark = rest.first {
            try charge(1)
            rest = rest.dropFirst()
            if mark == "." {
                let part = rest.prefix { $0 != "." && $0 != "[" }
                rest = rest.dropFirst(part.count)
                guard !part.isEmpty else { throw fault("a format has '.' without a name behind it") }
                value = try attribute(String(part), of: value)
            } else {
                guard mark == "[", let end = rest.firstIndex(of: "]"), end > rest.startIndex else {
                    throw fault("a format has '[' without its ']'")
                }
                let part = String(rest[..<end])
                rest = rest[rest.index(after: end)...]
                value = try item(
                    part.allSatisfy(\.isNumber) ? Int(part).map { .int($0) } ?? .trusted(part) : .trusted(part),
                    of: value)
            }
        }
        return value
    }

    /// Escapes as Python's `ascii` has them.
    static func ascii(_ text: Text) -> Text {
        text.mapped { run in
            run.unicodeScalars.reduce(into: "") { result, scalar in
                if scalar.isASCII { return result.unicodeScalars.append(scalar) }
                let digits = String(scalar.value, radix: 16)
                let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
                result += "\\\(letter)\(String(repeating: "0", count: width - digits.count))\(digits)"
            }
        }
    }
}
