extension Jinja {
    struct Token: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            case data(String)
            case variableBegin, variableEnd, blockBegin, blockEnd
            case name(String)
            case string(String)
            case int(Int)
            case double(Double)
            case symbol(String)
            case end
        }
        let kind: Kind
        let line: Int
    }

    /// Cuts a template into tokens, as jinja2 does with `trim_blocks` and `lstrip_blocks` on.
    struct Lexer {
        private let source: [UInt8]
        private var place = 0
        private var line = 1
        private var tokens: [Token] = []
        /// Closing brackets still owed inside the tag; `}}` and `%}` end it only when there are none.
        private var owed: [UInt8] = []
        /// The last tag took its line's end with it, so the next text starts a line.
        private var startsLine = true

        /// - Parameter nestingMax: brackets open at once in one tag.
        static func tokens(of source: String, nestingMax: Int) throws(TemplateError) -> [Token] {
            var lexer = Lexer(source)
            return try lexer.run(nestingMax)
        }

        private init(_ text: String) {
            // One kind of line end, and none at the end of the file: jinja2's keep_trailing_newline is off.
            var bytes: [UInt8] = []
            bytes.reserveCapacity(text.utf8.count)
            var last: UInt8 = 0
            for byte in text.utf8 {
                if byte == 13 { bytes.append(10) } else if !(byte == 10 && last == 13) { bytes.append(byte) }
                last = byte
            }
            if bytes.last == 10 { bytes.removeLast() }
            source = bytes
        }

        private func byte(_ offset: Int = 0) -> UInt8 { place + offset < source.count ? source[place + offset] : 0 }
        private func starts(_ text: StaticString) -> Bool {
            let length = text.utf8CodeUnitCount
            guard place + length <= source.count else { return false }
            for offset in 0..<length where source[place + offset] != text.utf8Start[offset] { return false }
            return true
        }
        private mutating func emit(_ kind: Token.Kind) { tokens.append(Token(kind: kind, line: line)) }
        private mutating func advance(_ count: Int) {
            for offset in place..<min(place + count, source.count) where source[offset] == 10 { line += 1 }
            place += count
        }
        private func fault(_ message: String) -> TemplateError { TemplateError(.syntax, line: line, message) }

        private mutating func run(_ nestingMax: Int) throws(TemplateError) -> [Token] {
            while place < source.count {
                guard let opening = nextOpening() else {
                    emit(.data(String(decoding: source[place...], as: UTF8.self)))
                    place = source.count
                    break
                }
                emitText(upTo: opening)
                let kind = byte(1)
                let hasSign = byte(2) == UInt8(ascii: "-") || byte(2) == UInt8(ascii: "+")
                if kind == UInt8(ascii: "#") {
                    advance(hasSign ? 3 : 2)
                    try skipComment()
                } else if kind == UInt8(ascii: "%"), let length = rawTagLength("raw") {
                    advance(length)
                    try readRaw()
                } else {
                    let isBlock = kind == UInt8(ascii: "%")
                    emit(isBlock ? .blockBegin : .variableBegin)
                    advance(hasSign ? 3 : 2)
                    try readTag(isBlock: isBlock, nestingMax: nestingMax)
                }
            }
            emit(.end)
            return tokens
        }

        private func nextOpening() -> Int? {
            var at = place
            while at + 1 < source.count {
                if source[at] == UInt8(ascii: "{"),
                    [UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "#")].contains(source[at + 1])
                {
                    return at
                }
                at += 1
            }
            return nil
        }

        /// Text before a tag, less the white space that the tag takes.
        private mutating func emitText(upTo opening: Int) {
            let sign = opening + 2 < source.count ? source[opening + 2] : 0
            var text = Text(Array(source[place..<opening]), trusted: true)
            if sign == UInt8(ascii: "-") {
                text = text.stripped(nil, start: false)
            } else if sign != UInt8(ascii: "+"), source[opening + 1] != UInt8(ascii: "{") {
                let lineStart = (text.bytes.lastIndex(of: 10) ?? -1) + 1
                if lineStart > 0 || startsLine,
                    text.slice(lineStart..<text.bytes.count).stripped(nil).isEmpty
                {
                    text = text.slice(0..<lineStart)
                }
            }
            if !text.isEmpty { emit(.data(text.string)) }
            advance(opening - place)
        }

        /// Takes the end of a tag whose mark is `mark`, and what it trims.  False where there is none here.
        private mutating func takeEnd(_ mark: StaticString, trimsLine: Bool) -> Bool {
            let isSigned = byte() == UInt8(ascii: "-") || (trimsLine && byte() == UInt8(ascii: "+"))
            let sign = isSigned ? byte() : 0
            if isSigned { place += 1 }
            guard starts(mark) else {
                if isSigned { place -= 1 }
                return false
            }
            place += 2
            startsLine = false
            if sign == UInt8(ascii: "-") {
                startsLine = skipSpace() == 10
            } else if sign == 0, trimsLine, byte() == 10 {
                advance(1)
                startsLine = true
            }
            return true
        }

        /// Returns the first byte of the last character skipped.
        @discardableResult
        private mutating func skipSpace() -> UInt8? {
            var last: UInt8?
            while place < source.count {
                let length = Jinja.length(ofLead: source[place])
                guard let scalar = Jinja.scalar(source[place..<min(place + length, source.count)]),
                    Jinja.isSpace(scalar)
                else { return last }
                last = source[place]
                advance(length)
            }
            return last
        }

        private mutating func skipComment() throws(TemplateError) {
            let from = line
            while place < source.count {
                if takeEnd("#}", trimsLine: true) { return }
                advance(1)
            }
            throw TemplateError(.syntax, line: from, "a comment '{#' is never closed with '#}'")
        }

        /// Length of `{% name %}` here, up to the closing mark.
        private func rawTagLength(_ name: String) -> Int? {
            guard starts("{%") else { return nil }
            var at = place + 2
            if at < source.count, source[at] == UInt8(ascii: "-") || source[at] == UInt8(ascii: "+") { at += 1 }
            while at < source.count, source[at] == 32 || (9...13).contains(source[at]) { at += 1 }
            guard source[at...].starts(with: name.utf8) else { return nil }
            at += name.utf8.count
            while at < source.count, source[at] == 32 || (9...13).contains(source[at]) { at += 1 }
            let rest = source[at...]
            let mayKeepLine = name == "endraw" && rest.starts(with: "+%}".utf8)
            guard rest.starts(with: "%}".utf8) || rest.starts(with: "-%}".utf8) || mayKeepLine else { return nil }
            return at - place
        }

        private mutating func readRaw() throws(TemplateError) {
            let from = line
            // jinja2 trims no line's end here.
            _ = takeEnd("%}", trimsLine: false)
            let start = place
            while place < source.count {
                if let length = rawTagLength("endraw") {
                    let end = place
                    place = start
                    emitText(upTo: end)
                    advance(length)
                    _ = takeEnd("%}", trimsLine: true)
                    return
                }
                advance(1)
            }
            throw TemplateError(.syntax, line: from, "'{% raw %}' is never closed with '{% endraw %}'")
        }

        private mutating func readTag(isBlock: Bool, nestingMax: Int) throws(TemplateError) {
            let from = line
            while true {
                skipSpace()
                if place >= source.count {
                    throw TemplateError(.syntax, line: from, "a tag '\(isBlock ? "{%" : "{{")' is never closed")
                }
                if owed.isEmpty, isBlock ? takeEnd("%}", trimsLine: true) : takeEnd("}}", trimsLine: false) {
                    tokens.append(Token(kind: isBlock ? .blockEnd : .variableEnd, line: line))
                    return
                }
                try readToken(nestingMax)
            }
        }

        private mutating func readToken(_ nestingMax: Int) throws(TemplateError) {
            let first = byte()
            switch first {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber()
            case UInt8(ascii: "'"), UInt8(ascii: "\""): try readString(first)
            case UInt8(ascii: "_"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                0x80...:
                let start = place
                while place < source.count, Self.isWord(source[place]) { place += 1 }
                emit(.name(String(decoding: source[start..<place], as: UTF8.self)))
            default: try readSymbol(first, nestingMax)
            }
        }

        private static func isWord(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "_") || byte >= 0x80 || isDigit(byte)
                || (byte | 32 >= UInt8(ascii: "a") && byte | 32 <= UInt8(ascii: "z"))
        }
        private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

        /// `0x1F`, `0o17`, `0b101`.
        private mutating func readBased() throws(TemplateError) -> Bool {
            let bases: [UInt8: Int] = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2]
            guard byte() == UInt8(ascii: "0"), let radix = bases[byte(1) | 32] else { return false }
            func isDigit(_ byte: UInt8) -> Bool { Int(String(Character(Unicode.Scalar(byte))), radix: radix) != nil }
            var end = place + 2
            while end < source.count, isDigit(source[end]) || source[end] == UInt8(ascii: "_") { end += 1 }
            let digits = String(decoding: source[place + 2..<end].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
            if digits.isEmpty { return false }
            guard let value = Int(digits, radix: radix) else {
                throw fault(
                    "the number 0\(Character(Unicode.Scalar(byte(1))))\(digits.prefix(40)) does not fit 64 bits")
            }
            place = end
            emit(.int(value))
            return true
        }

        private mutating func readNumber() throws(TemplateError) {
            if try readBased() { return }
            let start = place
            while Self.isDigit(byte()) || (byte() == UInt8(ascii: "_") && Self.isDigit(byte(1))) { place += 1 }
            var isDouble = false
            let followsDot = tokens.last?.kind == .symbol(".")
            if !followsDot, byte() == UInt8(ascii: "."), Self.isDigit(byte(1)) {
                isDouble = true
                place += 1
                while Self.isDigit(byte()) || (byte() == UInt8(ascii: "_") && Self.isDigit(byte(1))) { place += 1 }
            }
            let isSigned = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-")
            if !followsDot, byte() | 32 == UInt8(ascii: "e"), Self.isDigit(byte(isSigned ? 2 : 1)) {
                isDouble = true
                place += isSigned ? 2 : 1
                while Self.isDigit(byte()) { place += 1 }
            }
            let digits = String(decoding: source[start..<place].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
            if isDouble, let value = Double(digits) { return emit(.double(value)) }
            guard let value = Int(digits) else { throw fault("the number \(digits.prefix(40)) does not fit 64 bits") }
            emit(.int(value))
        }

        private mutating func readSymbol(_ first: UInt8, _ nestingMax: Int) throws(TemplateError) {
            for pair: StaticString in ["//", "**", "==", "!=", ">=", "<="] where starts(pair) {
                emit(.symbol("\(pair)"))
                place += 2
                return
            }
            guard "+-/*%~[](){}><=.:|,;".utf8.contains(first) else {
                throw fault("a character that no expression has: '\(String(decoding: [first], as: UTF8.self))'")
            }
            switch first {
            case UInt8(ascii: "("): owed.append(UInt8(ascii: ")"))
            case UInt8(ascii: "["): owed.append(UInt8(ascii: "]"))
            case UInt8(ascii: "{"): owed.append(UInt8(ascii: "}"))
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                let wanted = owed.popLast()
                guard wanted == first else {
                    let found = Character(Unicode.Scalar(first))
                    let expected = wanted.map { "expected '\(Character(Unicode.Scalar($0)))'" } ?? "nothing is open"
                    throw fault("'\(found)' closes nothing here: \(expected)")
                }
            default: break
            }
            if owed.count > nestingMax {
                throw TemplateError(.limit, line: line, "more than \(nestingMax) brackets open inside each other")
            }
            emit(.symbol(String(Character(Unicode.Scalar(first)))))
            place += 1
        }

        private mutating func readString(_ quote: UInt8) throws(TemplateError) {
            let from = line
            advance(1)
            var text: [UInt8] = []
            while place < source.count {
                let current = byte()
                if current == quote {
                    tokens.append(Token(kind: .string(String(decoding: text, as: UTF8.self)), line: from))
                    place += 1
                    return
                }
                if current == UInt8(ascii: "\\") {
                    try readEscape(into: &text)
                } else {
                    text.append(current)
                    advance(1)
                }
            }
            throw TemplateError(.syntax, line: from, "a text is never closed with its quote")
        }

        /// Python's escapes; one that it does not know stays as written.
        private mutating func readEscape(into text: inout [UInt8]) throws(TemplateError) {
            let simple: [UInt8: UInt8] = [
                UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "b"): 8,
                UInt8(ascii: "f"): 12,
                UInt8(ascii: "v"): 11, UInt8(ascii: "a"): 7, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
                UInt8(ascii: "'"): UInt8(ascii: "'"), UInt8(ascii: "\""): UInt8(ascii: "\""),
            ]
            let letter = byte(1)
            if letter == 10 { return advance(2) }
            if let plain = simple[letter] {
                text.append(plain)
                return advance(2)
            }
            let width =
                letter == UInt8(ascii: "x") ? 2 : letter == UInt8(ascii: "u") ? 4 : letter == UInt8(ascii: "U") ? 8 : 0
            if width > 0 {
                guard let value = number(at: place + 2, width: width, radix: 16), let scalar = Unicode.Scalar(value)
                else {
                    throw fault(
                        "an escape '\\\(Character(Unicode.Scalar(letter)))' needs \(width) hex digits of a character")
                }
                text.append(contentsOf: String(Character(scalar)).utf8)
                return advance(2 + width)
            }
            if (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(letter) {
                var width = 3
                while width > 1, number(at: place + 1, width: width, radix: 8) == nil { width -= 1 }
                let value = number(at: place + 1, width: width, radix: 8) ?? 0
                text.append(contentsOf: String(Character(Unicode.Scalar(value) ?? "\u{0}")).utf8)
                return advance(1 + width)
            }
            text.append(UInt8(ascii: "\\"))
            advance(1)
        }

        private func number(at start: Int, width: Int, radix: Int) -> UInt32? {
            guard start + width <= source.count, source[start] != UInt8(ascii: "+"), source[start] != UInt8(ascii: "-")
            else { return nil }
            return UInt32(String(decoding: source[start..<start + width], as: UTF8.self), radix: radix)
        }
    }
}
