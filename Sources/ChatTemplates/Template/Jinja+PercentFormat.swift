// Python's `pattern % values`.
extension Jinja.Machine {
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
}
