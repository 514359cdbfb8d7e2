// Python's two ways to put values into a text.
extension Jinja.Machine {
    // MARK: pattern % values

    func formatted(_ pattern: Text, _ given: Value) throws(TemplateError) -> Value {
        var reader = PercentReader(pattern)
        var values = PercentValues(given)
        var result = pattern.slice(0..<0)
        while let (plain, isLast) = reader.plain() {
            result.append(plain)
            if isLast { break }
            guard let part = reader.part() else { throw fault("a format ends in the middle of a '%'") }
            if part.type == "%" {
                result.append("%")
                continue
            }
            result.append(try formatted(part, &values, isMarkup: pattern.isMarkup))
            try charge(1)
            if result.bytes.count > limits.outputBytesMax { try check(result) }
        }
        if values.hasLeftOver { throw fault("a format has fewer '%' than values") }
        return try text(result)
    }

    private struct PercentPart {
        var key: String?
        var spec = Jinja.FormatSpec()
        var isLeft = false
        var widthIsGiven = false
        var precisionIsGiven = false
        var type: Character = "s"
    }

    /// The pattern, from one `%` to the next.
    private struct PercentReader {
        let pattern: Text
        var place = 0
        init(_ pattern: Text) { self.pattern = pattern }

        mutating func plain() -> (text: Text, isLast: Bool)? {
            let mark = pattern.bytes[place...].firstIndex(of: UInt8(ascii: "%"))
            defer { place = (mark ?? pattern.bytes.count - 1) + 1 }
            return (pattern.slice(place..<(mark ?? pattern.bytes.count)), mark == nil)
        }

        private func at() -> Character? {
            place < pattern.bytes.count ? Character(Unicode.Scalar(pattern.bytes[place])) : nil
        }

        private mutating func number() -> Int {
            var value = 0
            while let digit = at()?.wholeNumberValue {
                value = min(value * 10 + digit, 1 << 40)
                place += 1
            }
            return value
        }

        mutating func part() -> PercentPart? {
            var part = PercentPart()
            if at() == "(" {
                var open = 0
                let start = place + 1
                repeat {
                    if at() == "(" { open += 1 }
                    if at() == ")" { open -= 1 }
                    place += 1
                } while open > 0 && place < pattern.bytes.count
                if open > 0 { return nil }
                part.key = pattern.slice(start..<place - 1).string
            }
            while let flag = at(), "#0- +".contains(flag) {
                switch flag {
                case "#": part.spec.isAlternate = true
                case "0": part.spec.padsWithZeros = true
                case "-": part.isLeft = true
                case " ": if part.spec.sign != "+" { part.spec.sign = " " }
                default: part.spec.sign = "+"
                }
                place += 1
            }
            if at() == "*" {
                part.widthIsGiven = true
                place += 1
            } else {
                part.spec.width = number()
            }
            if at() == "." {
                place += 1
                if at() == "*" {
                    part.precisionIsGiven = true
                    place += 1
                } else {
                    part.spec.precision = number()
                }
            }
            while let mark = at(), "hlL".contains(mark) { place += 1 }
            guard let type = at() else { return nil }
            part.type = type
            place += 1
            return part
        }
    }

    /// The values of a `%`: those of a tuple in order, those of a dict by name, or one alone.
    private struct PercentValues {
        let values: [Value]
        let map: Value?
        let mayBeLeft: Bool
        var next = 0

        init(_ given: Value) {
            switch given {
            case .list(let list) where list.isTuple: (values, map, mayBeLeft) = (list.items, nil, false)
            case .map: (values, map, mayBeLeft) = ([given], given, true)
            case .list(let list) where !list.isView: (values, map, mayBeLeft) = ([given], nil, true)
            case .undefined: (values, map, mayBeLeft) = ([given], nil, true)
            default: (values, map, mayBeLeft) = ([given], nil, false)
            }
        }

        var hasLeftOver: Bool { !mayBeLeft && next < values.count }

        mutating func take() -> Value? {
            guard next < values.count else { return nil }
            next += 1
            return values[next - 1]
        }
    }

    private func formatted(
        _ part: PercentPart, _ values: inout PercentValues, isMarkup: Bool
    ) throws(TemplateError) -> Text {
        var part = part
        func whole() throws(TemplateError) -> Int {
            guard case .int(let number)? = values.take() else { throw fault("'*' needs a whole number") }
            return max(-(1 << 40), min(number, 1 << 40))
        }
        if part.widthIsGiven {
            let width = try whole()
            if width < 0 { part.isLeft = true }
            part.spec.width = abs(width)
        }
        if part.precisionIsGiven { part.spec.precision = max(0, try whole()) }
        var value: Value
        if let key = part.key {
            guard let map = values.map else { throw fault("a format with names needs a dict") }
            guard case .map(let entries) = map, let found = entries.value(key) else {
                throw fault("a format names '\(key.prefix(60))', which it was not given")
            }
            value = found
        } else {
            guard let taken = values.take() else { throw fault("a format has more '%' than values") }
            value = taken
        }
        return try formatted(value, part, isMarkup)
    }

    private func formatted(_ value: Value, _ part: PercentPart, _ isMarkup: Bool) throws(TemplateError) -> Text {
        var spec = part.spec
        spec.align = part.isLeft ? "<" : spec.padsWithZeros ? "=" : ">"
        switch part.type {
        case "s", "r", "a":
            spec.align = part.isLeft ? "<" : ">"
            (spec.sign, spec.isAlternate, spec.padsWithZeros, spec.type) = (nil, false, false, nil)
            var text = part.type == "s" ? try shown(value) : try represented(value)
            if part.type == "a" { text = Self.ascii(text) }
            return try formatted(.text(isMarkup ? try escaped(text) : text), by: spec)
        case "d", "i", "u":
            guard let number = value.asInt ?? value.asDouble.flatMap({ Int(exactly: $0.rounded(.towardZero)) }) else {
                throw fault("'%d' needs a number, got \(value.typeName)")
            }
            return try whole(number, &spec, "d")
        case "x", "X", "o":
            guard let number = value.asInt else { throw fault("'%x' needs a whole number, got \(value.typeName)") }
            return try whole(number, &spec, part.type)
        case "e", "E", "f", "F", "g", "G":
            guard let number = value.asDouble else { throw fault("'%f' needs a number, got \(value.typeName)") }
            spec.type = part.type
            if !part.isLeft, spec.padsWithZeros { spec.fill = .trusted("0") }
            return try formatted(.double(number), by: spec)
        case "c":
            spec.align = part.isLeft ? "<" : ">"
            if case .text(let text) = value, text.count == 1 { return try formatted(value, by: plain(spec)) }
            guard let number = value.asInt, let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) else {
                throw fault("'%c' needs a character, got \(value.typeName)")
            }
            return try formatted(.text(Text(String(Character(scalar)), trusted: false)), by: plain(spec))
        default: throw fault("'%\(part.type)' is not a format")
        }
    }

    private func plain(_ spec: Jinja.FormatSpec) -> Jinja.FormatSpec {
        var spec = spec
        (spec.sign, spec.isAlternate, spec.padsWithZeros, spec.precision) = (nil, false, false, nil)
        return spec
    }

    /// A precision is the least number of digits here.
    private func whole(_ number: Int, _ spec: inout Jinja.FormatSpec, _ type: Character) throws(TemplateError) -> Text {
        spec.type = type
        if spec.align == "=" { spec.fill = .trusted("0") }
        if let digits = spec.precision {
            guard digits <= Jinja.FormatSpec.precisionMax else {
                throw limit("a precision of more than \(Jinja.FormatSpec.precisionMax) digits")
            }
            let radix = type == "d" ? 10 : type == "o" ? 8 : 16
            var text = String(number.magnitude, radix: radix, uppercase: type == "X")
            text = String(repeating: "0", count: max(0, digits - text.count)) + text
            if spec.isAlternate, radix != 10 { text = "0\(type)" + text }
            text = (number < 0 ? "-" : spec.plus) + text
            var outer = Jinja.FormatSpec()
            (outer.width, outer.align) = (spec.width, spec.align == "<" ? "<" : ">")
            return try formatted(.text(.trusted(text)), by: outer)
        }
        return try formatted(.int(number), by: spec)
    }

    /// Escapes as Python's `ascii` has them.
    private static func ascii(_ text: Text) -> Text {
        text.mapped { run in
            run.unicodeScalars.reduce(into: "") { result, scalar in
                if scalar.isASCII { return result.unicodeScalars.append(scalar) }
                let digits = String(scalar.value, radix: 16)
                let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
                result += "\\\(letter)\(String(repeating: "0", count: width - digits.count))\(digits)"
            }
        }
    }

    // MARK: pattern.format(values)

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
}
