/// Cuts Python source into tokens, as "Lexical analysis" of the Python reference has them, and goes on where the source
/// is wrong: a string without an end stops at its line's end, and a byte that starts no token is left out. Comments
/// are left out too. Indentation has no tokens, because no rule asks for it.
struct Tokenizer {
    /// f-strings within f-strings; the fields of deeper ones are not read.
    private static let nestingMax = 16
    private static let openings: Set<UInt8> = Set("([{".utf8)
    private static let closings: Set<UInt8> = Set(")]}".utf8)
    /// The signs of more than one byte that rules tell apart from `=` and `*`.
    private static let longMarks = ["**=", "//=", ">>=", "<<=", "**", "==", "!=", "<=", ">=", "->", ":="].map {
        Array($0.utf8)
    }

    private let bytes: [UInt8]
    private let nesting: Int
    private var at = 0
    private var line: Int
    private var depth = 0
    private var tokens: [Token] = []
    /// Whether a string had no end.
    private(set) var isBroken = false

    init(_ source: [UInt8], line: Int = 1, nesting: Int = 0) {
        (bytes, self.line, self.nesting) = (source, line, nesting)
    }

    mutating func run() -> [Token] {
        while at < bytes.count { step() }
        endLine()
        return tokens
    }

    private mutating func step() {
        let byte = bytes[at]
        switch byte {
        case UInt8(ascii: "\n"):
            if depth == 0 { endLine() }
            line += 1
            at += 1
        case UInt8(ascii: "\\") where peek(1) == UInt8(ascii: "\n"):
            line += 1
            at += 2
        case UInt8(ascii: "#"):
            while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            string(prefix: [])
        case UInt8(ascii: ";"):
            endLine()
            at += 1
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            take(.number) { Self.isNamePart($0) || $0 == UInt8(ascii: ".") }
        case _ where Self.isNamePart(byte):
            name()
        case 0x21...0x7E:
            mark()
        default:
            at += 1
        }
    }

    private func peek(_ offset: Int) -> UInt8? { at + offset < bytes.count ? bytes[at + offset] : nil }

    private mutating func endLine() {
        if let last = tokens.last, last.kind != .newline { tokens.append(Token(kind: .newline, text: "", line: line)) }
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private mutating func take(_ kind: Token.Kind, while isPart: (UInt8) -> Bool) {
        let start = at
        while at < bytes.count, isPart(bytes[at]) { at += 1 }
        tokens.append(Token(kind: kind, text: String(decoding: bytes[start..<at], as: UTF8.self), line: line))
    }

    private mutating func name() {
        let start = at
        while at < bytes.count, Self.isNamePart(bytes[at]) { at += 1 }
        let word = bytes[start..<at]
        let isPrefix = word.count <= 2 && word.allSatisfy { "rRbBuUfFtT".utf8.contains($0) }
        if isPrefix, at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") {
            string(prefix: word)
        } else {
            tokens.append(Token(kind: .name, text: String(decoding: word, as: UTF8.self), line: line))
        }
    }

    private mutating func mark() {
        let byte = bytes[at]
        if let long = Self.longMarks.first(where: { bytes[at...].starts(with: $0) }) {
            tokens.append(Token(kind: .mark, text: String(decoding: long, as: UTF8.self), line: line))
            at += long.count
            return
        }
        if Self.openings.contains(byte) { depth += 1 }
        if Self.closings.contains(byte) { depth = max(0, depth - 1) }
        tokens.append(Token(kind: .mark, text: String(UnicodeScalar(byte)), line: line))
        at += 1
    }

    // MARK: strings

    private mutating func string(prefix: ArraySlice<UInt8>) {
        let quote = bytes[at], firstLine = line
        let isTriple = peek(1) == quote && peek(2) == quote
        at += isTriple ? 3 : 1
        let start = at, startLine = line
        var end = bytes.count
        var isOpen = true
        while isOpen, at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\\") where at + 1 < bytes.count:
                if bytes[at + 1] == UInt8(ascii: "\n") { line += 1 }
                at += 2
            case UInt8(ascii: "\n") where !isTriple:
                (end, isOpen, isBroken) = (at, false, true)
            case UInt8(ascii: "\n"):
                line += 1
                at += 1
            case quote where !isTriple || (peek(1) == quote && peek(2) == quote):
                (end, isOpen) = (at, false)
                at += isTriple ? 3 : 1
            default:
                at += 1
            }
        }
        if isOpen { isBroken = true }
        at = min(at, bytes.count)
        end = min(end, bytes.count)
        var token = Token(kind: .string, text: String(decoding: bytes[start..<end], as: UTF8.self), line: firstLine)
        if prefix.contains(where: { "fFtT".utf8.contains($0) }), nesting < Self.nestingMax {
            token.fields = fields(bytes[start..<end], line: startLine)
        }
        tokens.append(token)
    }

    /// The expressions in the braces; `{{` is a brace.
    private func fields(_ text: ArraySlice<UInt8>, line: Int) -> [[Token]] {
        var found: [[Token]] = []
        var line = line, depth = 0, start = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            switch text[index] {
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: "{"):
                if depth == 0, index + 1 < text.endIndex, text[index + 1] == UInt8(ascii: "{") {
                    index += 1
                } else {
                    if depth == 0 { start = index + 1 }
                    depth += 1
                }
            case UInt8(ascii: "}") where depth > 0:
                depth -= 1
                if depth == 0 {
                    var inner = Tokenizer(Array(text[start..<index]), line: line, nesting: nesting + 1)
                    found.append(inner.run())
                }
            default: break
            }
            index += 1
        }
        return found
    }
}
