/// Reads JSON, or Python literals, from what a model wrote.  Bounded and linear: a reply is untrusted text.
struct LiteralReader {
    enum Dialect { case json, python }

    /// Objects and arrays open inside each other.
    static let nestingMax = 32

    let bytes: [UInt8]
    let dialect: Dialect
    private(set) var place: Int
    private var nesting = 0

    init(_ bytes: [UInt8], at place: Int = 0, dialect: Dialect = .json) {
        (self.bytes, self.place, self.dialect) = (bytes, place, dialect)
    }

    /// The one value that `text` is, white space around it aside; nil for anything else.
    static func value(_ text: String, _ dialect: Dialect = .json) -> TemplateValue? {
        var reader = LiteralReader(Array(text.utf8), dialect: dialect)
        guard let value = reader.value(), reader.isAtEnd else { return nil }
        return value
    }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return place == bytes.count
        }
    }

    var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 32 || byte == 10 || byte == 13 || byte == 9 { place += 1 }
    }

    /// Takes `symbol` after white space, if it is there.
    mutating func skip(_ symbol: Character) -> Bool {
        skipSpace()
        guard next == symbol.asciiValue else { return false }
        place += 1
        return true
    }

    /// Takes a name of letters, digits and underscores, and with `dots` of several with dots between.
    mutating func name(dots: Bool = false) -> String? {
        skipSpace()
        let start = place
        while let byte = next,
            byte == UInt8(ascii: "_") || byte >= 0x80 || (byte | 32 >= 97 && byte | 32 <= 122)
                || (place > start
                    && ((48...57).contains(byte) || byte == UInt8(ascii: "-") || (dots && byte == UInt8(ascii: "."))))
        {
            place += 1
        }
        return place > start ? String(decoding: bytes[start..<place], as: UTF8.self) : nil
    }

    mutating func value() -> TemplateValue? {
        skipSpace()
        guard let first = next else { return nil }
        switch first {
        case UInt8(ascii: "{"): return nested { reader in reader.object() }
        case UInt8(ascii: "["): return nested { reader in reader.list(closing: "]") }
        case UInt8(ascii: "(") where dialect == .python: return nested { reader in reader.list(closing: ")") }
        case UInt8(ascii: "\""): return text(first).map { .string($0) }
        case UInt8(ascii: "'") where dialect == .python: return text(first).map { .string($0) }
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        default: return word()
        }
    }

    private mutating func nested(_ read: (inout LiteralReader) -> TemplateValue?) -> TemplateValue? {
        guard nesting < Self.nestingMax else { return nil }
        nesting += 1
        defer { nesting -= 1 }
        place += 1
        return read(&self)
    }

    private mutating func object() -> TemplateValue? {
        var map = TemplateMap()
        if skip("}") { return .map(map) }
        while true {
            skipSpace()
            guard let quote = next, quote == UInt8(ascii: "\"") || (dialect == .python && quote == UInt8(ascii: "'")),
                let key = text(quote), skip(":"), let item = value()
            else { return nil }
            map[key] = item
            if skip("}") { return .map(map) }
            guard skip(",") else { return nil }
            if dialect == .python, skip("}") { return .map(map) }
        }
    }

    private mutating func list(closing: Character) -> TemplateValue? {
        var items: [TemplateValue] = []
        if skip(closing) { return .list(items) }
        while true {
            guard let item = value() else { return nil }
            items.append(item)
            if skip(closing) { return .list(items) }
            guard skip(",") else { return nil }
            if dialect == .python, skip(closing) { return .list(items) }
        }
    }

    private mutating func word() -> TemplateValue? {
        switch (name(), dialect) {
        case ("true", .json), ("True", .python), ("true", .python): true
        case ("false", .json), ("False", .python), ("false", .python): false
        case ("null", .json), ("None", .python), ("null", .python): .null
        default: nil
        }
    }

    private mutating func number() -> TemplateValue? {
        let start = place
        while let byte = next, (48...57).contains(byte) || "+-.eE".utf8.contains(byte) { place += 1 }
        let digits = String(decoding: bytes[start..<place], as: UTF8.self)
        if dialect == .json {
            let plain = digits.drop { $0 == "-" }
            if digits.hasPrefix("+") || (plain.hasPrefix("0") && plain.dropFirst().first?.isNumber == true) {
                return nil
            }
        }
        if let whole = Int(digits) { return .int(whole) }
        guard let last = digits.last, last.isNumber, let value = Double(digits), value.isFinite else { return nil }
        return .double(value)
    }

    private mutating func text(_ quote: UInt8) -> String? {
        place += 1
        var written: [UInt8] = []
        while let byte = next {
            place += 1
            if byte == quote { return String(decoding: written, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                // A model often breaks a line inside a text; the strict reading would lose the whole call.
                written.append(byte)
                continue
            }
            guard escape(into: &written) else { return nil }
        }
        return nil
    }

    private mutating func escape(into written: inout [UInt8]) -> Bool {
        guard let letter = next else { return false }
        place += 1
        switch letter {
        case UInt8(ascii: "n"): written.append(10)
        case UInt8(ascii: "t"): written.append(9)
        case UInt8(ascii: "r"): written.append(13)
        case UInt8(ascii: "b"): written.append(8)
        case UInt8(ascii: "f"): written.append(12)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "'"): written.append(letter)
        case UInt8(ascii: "u"):
            guard var value = hex() else { return false }
            if (0xD800..<0xDC00).contains(value), place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
                bytes[place + 1] == UInt8(ascii: "u")
            {
                let before = place
                place += 2
                if let low = hex(), (0xDC00..<0xE000).contains(low) {
                    value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    place = before
                }
            }
            written += Array(String(Character(Unicode.Scalar(value) ?? "\u{FFFD}")).utf8)
        default:
            guard dialect == .python else { return false }
            written += [UInt8(ascii: "\\"), letter]
        }
        return true
    }

    private mutating func hex() -> UInt32? {
        guard place + 4 <= bytes.count, bytes[place] != UInt8(ascii: "+"), bytes[place] != UInt8(ascii: "-") else {
            return nil
        }
        defer { place += 4 }
        return UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
    }
}
