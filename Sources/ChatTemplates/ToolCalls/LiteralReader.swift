import LlamaStackAPI

/// Reads JSON, or Python literals, from what a model wrote.  Bounded and linear: a reply is untrusted text.
///
/// One slip of JSON is repaired and said (`repair`); a second of another kind, or a second bracket, is a mismatch.
struct LiteralReader {
    enum Dialect { case json, python }
    typealias Stop = ReplyCursor.Stop

    /// Objects and arrays open inside each other.
    static let nestingMax = 32

    var cursor: ReplyCursor
    let dialect: Dialect
    private(set) var repair: CallRepair?
    /// The open brackets around the place, the innermost last.
    private var open: [Unicode.Scalar] = []

    init(_ cursor: ReplyCursor, dialect: Dialect = .json) { (self.cursor, self.dialect) = (cursor, dialect) }

    /// The one value that `text` is, white space around it aside; nil for anything else.
    static func value(_ text: String, _ dialect: Dialect = .json) -> TemplateValue? {
        var reader = LiteralReader(ReplyCursor(text), dialect: dialect)
        do throws(Stop) {
            let value = try reader.value()
            try reader.cursor.skipSpace()
            return try reader.cursor.peek() == nil ? value : nil
        } catch {
            return nil
        }
    }

    mutating func value() throws(Stop) -> TemplateValue {
        try cursor.skipSpace()
        guard let first = try cursor.peek()?.byte else { throw .mismatch }
        switch first {
        case UInt8(ascii: "{"): return try nested("{") { reader throws(Stop) in try reader.object() }
        case UInt8(ascii: "["): return try nested("[") { reader throws(Stop) in try reader.list("]") }
        case UInt8(ascii: "(") where dialect == .python:
            return try nested("(") { reader throws(Stop) in try reader.list(")") }
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try text())
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try number()
        default: return try word()
        }
    }

    /// Says that the text is not quite what it should be.
    mutating func note(_ slip: CallRepair) throws(Stop) {
        guard repair == nil || (repair == slip && slip != .bracketMissing && slip != .bracketExtra) else {
            throw .mismatch
        }
        repair = slip
    }

    private mutating func nested(
        _ opening: Unicode.Scalar, _ read: (inout LiteralReader) throws(Stop) -> TemplateValue
    ) throws(Stop) -> TemplateValue {
        guard open.count < Self.nestingMax else { throw .mismatch }
        try cursor.expect(opening)
        open.append(opening)
        defer { open.removeLast() }
        return try read(&self)
    }

    private mutating func object() throws(Stop) -> TemplateValue {
        var map = TemplateMap()
        try cursor.skipSpace()
        if try cursor.take("}") { return .map(map) }
        while true {
            try cursor.skipSpace()
            let key = try text()
            try cursor.skipSpace()
            try cursor.expect(":")
            map[key] = try value()
            if try ends("}", parent: "[", parentEnd: "]") { return .map(map) }
        }
    }

    private mutating func list(_ closing: Unicode.Scalar) throws(Stop) -> TemplateValue {
        var items: [TemplateValue] = []
        try cursor.skipSpace()
        if try cursor.take(closing) { return .list(items) }
        while true {
            items.append(try value())
            if open.count == 1, dialect == .json {
                try cursor.skipSpace()
                if try cursor.take("}") { try note(.bracketExtra) }
            }
            if try ends(closing, parent: "{", parentEnd: "}") { return .list(items) }
        }
    }

    /// After a member: takes what closes the object or list, or the comma before the next member.
    private mutating func ends(
        _ closing: Unicode.Scalar, parent: Unicode.Scalar, parentEnd: Unicode.Scalar
    ) throws(Stop) -> Bool {
        try cursor.skipSpace()
        if try cursor.take(closing) { return true }
        let comma = cursor.place
        let isInParent = open.dropLast().last == parent
        if try cursor.take(",") {
            try cursor.skipSpace()
            if try cursor.take(closing) {
                if dialect == .json { try note(.trailingComma) }
                return true
            }
            // An object in a list whose brace is missing: no key begins with one.
            if dialect == .json, closing == "}", isInParent, try cursor.isAt("{") {
                try note(.bracketMissing)
                cursor.move(to: comma)
                return true
            }
            return false
        }
        guard dialect == .json else { throw .mismatch }
        let next = try cursor.peek()
        if next == ReplySymbol("\"") || (next == ReplySymbol("{") && closing == "]") {
            try note(.commaMissing)
            return false
        }
        let isParentsEnd = try isInParent ? cursor.isAt(parentEnd) : false
        guard try isParentsEnd ? true : isAtEnd() else { throw .mismatch }
        try note(.bracketMissing)
        return true
    }

    /// At the end of a reply that its model ended, or at a mark that closes calls.
    private func isAtEnd() throws(Stop) -> Bool {
        guard try cursor.peek() != nil else { return !cursor.isCutOff }
        var ahead = cursor
        return try ahead.takeAny(ReplyMark.closing) != nil
    }

    /// Numbers that are none to Python and JSON keep their text.
    private mutating func word() throws(Stop) -> TemplateValue {
        guard let word = try cursor.takeRun(where: \.isWord) else { throw .mismatch }
        switch word {
        case "true": return true
        case "false": return false
        case "null": return .null
        case "NaN", "Infinity": return .string(word)
        case "True", "False", "None":
            if dialect == .json { try note(.singleQuotes) }
            return word == "None" ? .null : .bool(word == "True")
        default: throw .mismatch
        }
    }

    /// Whatever a number's size and spelling, it is read: one that no 64-bit number holds keeps its text.
    private mutating func number() throws(Stop) -> TemplateValue {
        let start = cursor.place
        let digits = try cursor.takeRun { $0.byte.map { "0123456789+-.eE".utf8.contains($0) } ?? false } ?? ""
        if digits == "-", try cursor.take(text: "Infinity") { return .string(cursor.text(from: start)) }
        if let next = try cursor.peek(), next.isWord { throw .mismatch }
        if let whole = Int(digits) { return .int(whole) }
        if case .exact(let number)? = try? JSON(parsing: digits) { return .exact(number) }
        guard digits.utf8.contains(where: { (48...57).contains($0) }), let value = Double(digits) else {
            throw .mismatch
        }
        return value.isFinite ? .double(value) : .string(digits)
    }

    /// A text in quotes.  A mark inside is what it spells.
    mutating func text() throws(Stop) -> String {
        let quote: Unicode.Scalar
        if try cursor.take("\"") {
            quote = "\""
        } else {
            try cursor.expect("'")
            if dialect == .json { try note(.singleQuotes) }
            quote = "'"
        }
        var written: [UInt8] = []
        while true {
            guard let symbol = try cursor.next() else { throw .mismatch }
            if symbol == ReplySymbol(quote) { return String(decoding: written, as: UTF8.self) }
            guard symbol == ReplySymbol("\\") else {
                // A model often breaks a line inside a text; the strict reading would lose the whole call.
                symbol.write(to: &written)
                continue
            }
            try escape(into: &written)
        }
    }

    private mutating func escape(into written: inout [UInt8]) throws(Stop) {
        guard let letter = try cursor.next() else { throw .mismatch }
        switch letter.byte {
        case UInt8(ascii: "n"): written.append(10)
        case UInt8(ascii: "t"): written.append(9)
        case UInt8(ascii: "r"): written.append(13)
        case UInt8(ascii: "b"): written.append(8)
        case UInt8(ascii: "f"): written.append(12)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "'"):
            letter.write(to: &written)
        case UInt8(ascii: "u"):
            if let scalar = try cursor.attempt(Self.unicode) {
                written += Array(String(Character(scalar)).utf8)
                return
            }
            fallthrough
        default:
            if dialect == .json { try note(.loneBackslash) }
            written.append(UInt8(ascii: "\\"))
            letter.write(to: &written)
        }
    }

    /// After `\u`: four digits, or a pair of surrogates; a lone surrogate is U+FFFD.
    private static func unicode(_ cursor: inout ReplyCursor) throws(Stop) -> Unicode.Scalar {
        let value = try hex(&cursor)
        guard (0xD800..<0xDC00).contains(value) else { return Unicode.Scalar(value) ?? "\u{FFFD}" }
        let low = try cursor.attempt(lowSurrogate)
        guard let low else { return "\u{FFFD}" }
        return Unicode.Scalar(0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
    }

    private static func lowSurrogate(_ cursor: inout ReplyCursor) throws(Stop) -> UInt32 {
        guard try cursor.take(text: "\\u") else { throw .mismatch }
        let low = try hex(&cursor)
        guard (0xDC00..<0xE000).contains(low) else { throw .mismatch }
        return low
    }

    private static func hex(_ cursor: inout ReplyCursor) throws(Stop) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = try cursor.next()?.byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw .mismatch
            }
            value = value << 4 + UInt32(digit)
        }
        return value
    }
}
