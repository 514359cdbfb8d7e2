import Foundation

extension Jinja {
    /// How one value is written: what follows the colon of a `{}`, or a `%`.
    struct FormatSpec {
        var fill = Text(" ", trusted: true)
        /// One of `<`, `>`, `^`, `=`.
        var align: Character?
        /// `+`, a space, or `-` for none before what is not negative.
        var sign: Character?
        /// Negative zero is written as zero.
        var coercesZero = false
        var isAlternate = false
        var padsWithZeros = false
        var width = 0
        /// `,` or `_` between groups of digits.
        var grouping: Character?
        var precision: Int?
        var type: Character?

        /// The sign before a number that is not negative.
        var plus: String { sign.map { $0 == "-" ? "" : String($0) } ?? "" }

        static let widthMax = 100_000
        static let precisionMax = 400

        init() {}

        /// `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`, or nil for what is none.
        init?(_ written: Text) {
            let scalars = Array(written.string.unicodeScalars)
            var place = 0
            func at(_ offset: Int = 0) -> Character? {
                place + offset < scalars.count ? Character(scalars[place + offset]) : nil
            }
            func take(_ choices: String) -> Character? {
                guard let found = at(), choices.contains(found) else { return nil }
                place += 1
                return found
            }
            if let second = at(1), "<>^=".contains(second) {
                let offsets = written.offsets
                fill = written.slice(0..<offsets[1])
                align = second
                place = 2
            } else {
                align = take("<>^=")
            }
            sign = take("+- ")
            coercesZero = take("z") != nil
            isAlternate = take("#") != nil
            if take("0") != nil {
                padsWithZeros = true
                if align == nil { (fill, align) = (Text("0", trusted: true), "=") }
            }
            func number() -> Int? {
                var value: Int?
                while let digit = at()?.wholeNumberValue, scalars[place].isASCII {
                    value = min((value ?? 0) * 10 + digit, 1 << 40)
                    place += 1
                }
                return value
            }
            width = number() ?? 0
            grouping = take(",_")
            if take(".") != nil {
                guard let given = number() else { return nil }
                precision = given
            }
            type = take("bcdeEfFgGnosxX%")
            if place < scalars.count { return nil }
        }
    }
}

extension Jinja.Machine {
    /// Python's `format(value, spec)`.
    func formatted(_ value: Value, by spec: Jinja.FormatSpec) throws(TemplateError) -> Text {
        if spec.width > Jinja.FormatSpec.widthMax || spec.precision ?? 0 > 1 << 30 {
            throw limit("a format wider than \(Jinja.FormatSpec.widthMax) characters")
        }
        try charge(1 + spec.width / 8)
        switch value {
        case .text(let text):
            guard spec.type ?? "s" == "s", spec.sign == nil, !spec.isAlternate, spec.grouping == nil,
                !spec.coercesZero, spec.align != "=" || spec.padsWithZeros
            else { throw unfit(spec, value) }
            var shown = text
            if let precision = spec.precision, precision < text.count {
                shown = text.slice(0..<text.offsets[precision])
            }
            return padded(shown, spec, spec.align == "=" ? "<" : spec.align ?? "<")
        case .int, .bool:
            guard let number = value.asInt else { throw unfit(spec, value) }
            if let type = spec.type, "eEfFgG%".contains(type) { return try real(Double(number), spec) }
            return try whole(number, spec)
        case .double(let number): return try real(number, spec)
        default: throw unfit(spec, value)
        }
    }

    private func unfit(_ spec: Jinja.FormatSpec, _ value: Value) -> TemplateError {
        fault("a format that does not go with \(value.typeName)")
    }

    private func whole(_ number: Int, _ spec: Jinja.FormatSpec) throws(TemplateError) -> Text {
        guard spec.precision == nil, !spec.coercesZero else {
            throw fault("a precision does not go with a whole number")
        }
        if spec.type == "c" {
            guard spec.sign == nil, !spec.isAlternate, spec.grouping == nil,
                let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init)
            else {
                throw fault("'\(number)' is no character")
            }
            return padded(Text(String(Character(scalar)), trusted: false), spec, spec.align ?? "<")
        }
        let radix = ["b": 2, "o": 8, "x": 16, "X": 16][spec.type ?? "d"] ?? 10
        guard radix != 10 || "dn".contains(spec.type ?? "d") else { throw fault("a format that does not go with int") }
        if radix != 10, spec.grouping == "," { throw fault("',' groups decimal digits alone") }
        let digits = String(number.magnitude, radix: radix, uppercase: spec.type == "X")
        let prefix = spec.isAlternate && radix != 10 ? "0" + String(spec.type ?? "x") : ""
        return written(digits, tail: "", prefix: prefix, isNegative: number < 0, spec, group: radix == 10 ? 3 : 4)
    }

    private func real(_ number: Double, _ spec: Jinja.FormatSpec) throws(TemplateError) -> Text {
        let precision = spec.precision ?? 6
        guard precision <= Jinja.FormatSpec.precisionMax else {
            throw limit("a precision of more than \(Jinja.FormatSpec.precisionMax) digits")
        }
        let size = number.magnitude
        var digits: String
        switch spec.type {
        case "f"?, "F"?: digits = String(format: "%.\(precision)f", size)
        case "e"?, "E"?: digits = String(format: "%.\(precision)e", size)
        case "%"?: digits = String(format: "%.\(precision)f", size * 100)
        case "g"?, "G"?, "n"?:
            digits = Jinja.general(size, precision, keepsZeros: spec.isAlternate, addsPoint: false)
        case nil:
            digits =
                spec.precision.map { Jinja.general(size, $0, keepsZeros: spec.isAlternate, addsPoint: true) }
                ?? Jinja.digits(size)
        default: throw fault("a format that does not go with float")
        }
        if spec.isAlternate, size.isFinite, !digits.contains(".") {
            let mark = digits.firstIndex(of: "e") ?? digits.endIndex
            digits.insert(".", at: mark)
        }
        if !size.isFinite { digits = size.isNaN ? "nan" : "inf" }
        if let type = spec.type, "EFG".contains(type) { digits = digits.uppercased() }
        let end = digits.firstIndex { !$0.isNumber } ?? digits.endIndex
        let tail = digits[end...] + (spec.type == "%" ? "%" : "")
        let isZero = spec.coercesZero && !digits.contains { $0.isNumber && $0 != "0" }
        let isNegative = number.sign == .minus && !number.isNaN && !isZero
        return written(String(digits[..<end]), tail: String(tail), prefix: "", isNegative: isNegative, spec, group: 3)
    }

    /// Sign, prefix, digits in groups and padding.
    private func written(
        _ digits: String, tail: String, prefix: String, isNegative: Bool, _ spec: Jinja.FormatSpec, group: Int
    ) -> Text {
        let head = (isNegative ? "-" : spec.plus) + prefix
        func grouped(_ digits: String) -> String {
            guard let mark = spec.grouping, !digits.isEmpty else { return digits }
            var result = ""
            for (place, digit) in digits.enumerated() {
                if place > 0, (digits.count - place) % group == 0 { result.append(mark) }
                result.append(digit)
            }
            return result
        }
        var body = grouped(digits)
        if spec.grouping != nil, spec.align == "=", spec.padsWithZeros, !digits.isEmpty {
            var wider = digits
            while head.count + body.count + tail.count < min(spec.width, 400) {
                wider = "0" + wider
                body = grouped(wider)
            }
        }
        guard spec.align == "=" else { return padded(.trusted(head + body + tail), spec, spec.align ?? ">") }
        var result = Text.trusted(head)
        for _ in 0..<max(0, spec.width - head.count - body.count - tail.count) { result.append(spec.fill) }
        result.append(.trusted(body + tail))
        return result
    }

    private func padded(_ text: Text, _ spec: Jinja.FormatSpec, _ align: Character) -> Text {
        let missing = max(0, spec.width - text.count)
        if missing == 0 { return text }
        let left = align == "<" ? 0 : align == "^" ? missing / 2 : missing
        var result = Text()
        for _ in 0..<left { result.append(spec.fill) }
        result.append(text)
        for _ in 0..<missing - left { result.append(spec.fill) }
        return result
    }
}
