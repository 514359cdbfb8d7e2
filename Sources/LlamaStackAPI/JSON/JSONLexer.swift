/// The tokens of RFC 8259 over borrowed bytes. It only moves forward, so its users are linear in the text.
///
/// Shared by the parser, which builds values, by ``RequestScan``, which builds none, and by the readers of checkpoints,
/// whose texts have a hundred thousand strings that need not become values.
package struct JSONLexer {
    private let base: UnsafeRawPointer
    private let count: Int
    let limits: JSONLimits
    package private(set) var offset = 0

    /// `bytes` must outlive the lexer.
    package init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits) {
        // An empty buffer may have no address; nothing is read from it then.
        self.base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        self.count = bytes.count
        self.limits = limits
    }

    /// A string as it stands in the text, without its quotes, already checked.
    package struct StringToken {
        package var range: Range<Int>
        package var hasEscapes: Bool
    }

    package struct NumberToken {
        package var range: Range<Int>
        package var isInteger: Bool
    }

    @inline(__always)
    private func byte(_ index: Int) -> UInt8 { base.load(fromByteOffset: index, as: UInt8.self) }

    @inline(__always)
    package mutating func skipWhitespace() {
        while offset < count {
            let next = byte(offset)
            guard next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 else { return }
            offset += 1
        }
    }

    /// The byte at hand, without taking it; 0 at the end, where no token may stand either.
    @inline(__always)
    package func peek() -> UInt8 { offset < count ? byte(offset) : 0 }

    @inline(__always)
    package mutating func take(_ expected: UInt8) -> Bool {
        guard offset < count, byte(offset) == expected else { return false }
        offset += 1
        return true
    }

    // MARK: Tokens

    package mutating func literal(_ word: StaticString) throws(JSONError) {
        let length = word.utf8CodeUnitCount
        for index in 0..<length {
            guard offset + index < count, byte(offset + index) == word.utf8Start[index] else {
                offset = min(offset + index, count)
                throw unexpected("'\(word)'")
            }
        }
        offset += length
    }

    /// The opening quote is at hand. Checks escapes, surrogate pairs, control characters and UTF-8.
    package mutating func string() throws(JSONError) -> StringToken {
        offset += 1
        let start = offset
        var hasEscapes = false
        while true {
            skipPlain()
            guard offset < count else { throw JSONError("the text ends inside a string", byteOffset: count) }
            let next = byte(offset)
            if next == 0x22 { break }
            if next == 0x5C {
                hasEscapes = true
                try escape()
            } else if next < 0x20 {
                throw JSONError(
                    "a control character in a string must be written as \\u00\(hex(next))", byteOffset: offset)
            } else {
                try multibyte()
            }
        }
        let range = start..<offset
        offset += 1
        guard range.count <= limits.stringBytesMax else {
            throw JSONError(
                "a string has \(range.count) bytes, at most \(limits.stringBytesMax) are taken", byteOffset: start)
        }
        return StringToken(range: range, hasEscapes: hasEscapes)
    }

    package mutating func number() throws(JSONError) -> NumberToken {
        let start = offset
        var isInteger = true
        _ = take(0x2D)
        if !take(0x30) {
            try digits()
        } else if isDigit(peek()) {
            throw JSONError("a number must not begin with a zero", byteOffset: start)
        }
        if take(0x2E) {
            isInteger = false
            try digits()
        }
        if take(0x65) || take(0x45) {
            isInteger = false
            if !take(0x2B) { _ = take(0x2D) }
            try digits()
        }
        let length = offset - start
        guard length <= limits.numberBytesMax else {
            throw JSONError(
                "a number has \(length) characters, at most \(limits.numberBytesMax) are taken", byteOffset: start)
        }
        return NumberToken(range: start..<offset, isInteger: isInteger)
    }

    /// Nothing but white space may follow.
    package mutating func end() throws(JSONError) {
        skipWhitespace()
        if offset < count { throw unexpected("the end of the text") }
    }

    // MARK: Values of tokens

    package func text(_ token: StringToken) -> String {
        let raw = UnsafeRawBufferPointer(start: base + token.range.lowerBound, count: token.range.count)
        guard token.hasEscapes else { return String(decoding: raw, as: UTF8.self) }
        return JSONEscape.decode(raw)
    }

    package func value(_ token: NumberToken) throws(JSONError) -> JSON {
        let raw = UnsafeRawBufferPointer(start: base + token.range.lowerBound, count: token.range.count)
        guard let value = JSONNumber.value(raw, isInteger: token.isInteger) else {
            throw JSONError("the number is too large", byteOffset: token.range.lowerBound)
        }
        return value
    }

    /// Whether ``value(_:)`` would give a number, without working it out when it plainly would.
    func checkFinite(_ token: NumberToken) throws(JSONError) {
        if token.isInteger || token.range.count <= 20 && !hasExponent(token) { return }
        _ = try value(token)
    }

    // MARK: Errors

    package func unexpected(_ wanted: String) -> JSONError {
        guard offset < count else { return JSONError("the text ends, wanted \(wanted)", byteOffset: count) }
        return JSONError("found \(found), wanted \(wanted)", byteOffset: offset)
    }

    package var tooDeep: JSONError {
        JSONError(
            "objects and arrays are nested deeper than \(limits.depthMax)", byteOffset: offset, code: .jsonTooDeep)
    }

    func tooMany(_ what: String, _ most: Int) -> JSONError {
        JSONError("more than \(most) \(what)", byteOffset: offset)
    }

    /// The byte at hand as a message shows it.
    private var found: String {
        let next = byte(offset)
        if offset == 0, next == 0xEF { return "a byte order mark" }
        return next > 0x20 && next < 0x7F ? "'\(Character(UnicodeScalar(next)))'" : "byte 0x\(hex(next))"
    }

    // MARK: Parts of tokens

    /// Past every byte that is neither a quote, a backslash, a control character nor part of a multibyte character;
    /// eight at a time.
    @inline(__always)
    private mutating func skipPlain() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while count - offset >= 8 {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            // A byte below 0x20, or one whose difference to a quote or a backslash is 0, borrows into its high bit. A
            // borrow may mark its upper neighbour too, so only the lowest mark counts.
            let special =
                (word &- ones &* 0x20) | ((word ^ (ones &* 0x22)) &- ones) | ((word ^ (ones &* 0x5C)) &- ones) | word
            let marks = special & (ones &* 0x80)
            if marks != 0 {
                offset += marks.trailingZeroBitCount >> 3
                return
            }
            offset += 8
        }
        while offset < count {
            let next = byte(offset)
            guard next >= 0x20, next < 0x80, next != 0x22, next != 0x5C else { return }
            offset += 1
        }
    }

    /// One character of two to four bytes: no overlong form, no surrogate, nothing above U+10FFFF (Unicode 15, table
    /// 3-7).
    @inline(__always)
    private mutating func multibyte() throws(JSONError) {
        let lead = byte(offset)
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw JSONError("byte 0x\(hex(lead)) is not UTF-8", byteOffset: offset)
        }
        guard count - offset >= length, second.contains(byte(offset + 1)) else { throw brokenUTF8 }
        for index in 2..<max(2, length) where byte(offset + index) & 0xC0 != 0x80 { throw brokenUTF8 }
        offset += length
    }

    private var brokenUTF8: JSONError {
        JSONError("the bytes from 0x\(hex(byte(offset))) on are not UTF-8", byteOffset: offset)
    }

    private mutating func escape() throws(JSONError) {
        let start = offset
        offset += 1
        switch peek() {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: offset += 1
        case 0x75:
            let unit = try codeUnit()
            guard unit & 0xF800 == 0xD800 else { return }
            guard unit < 0xDC00, take(0x5C), peek() == 0x75, try codeUnit() & 0xFC00 == 0xDC00 else {
                throw JSONError("half of a surrogate pair stands alone", byteOffset: start)
            }
        default: throw unexpected("one of \" \\ / b f n r t u after a backslash")
        }
    }

    /// The `u` is at hand.
    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        offset += 1
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = JSONEscape.hexValue(peek()) else { throw unexpected("four hex digits after \\u") }
            unit = unit << 4 | UInt16(digit)
            offset += 1
        }
        return unit
    }

    private mutating func digits() throws(JSONError) {
        guard isDigit(peek()) else { throw unexpected("a digit") }
        while isDigit(peek()) { offset += 1 }
    }

    @inline(__always)
    private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    private func hasExponent(_ token: NumberToken) -> Bool {
        token.range.contains { byte($0) | 0x20 == 0x65 }
    }

    private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }
}
