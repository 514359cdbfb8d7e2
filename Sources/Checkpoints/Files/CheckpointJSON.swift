import LlamaStackAPI

/// Reads JSON of a checkpoint from front to back without building values of it: a vocabulary of 150,000 tokens must not
/// become 150,000 strings. Strict as the API's own parser is; every error names the file, the field and the byte.
package struct CheckpointJSON {
    package var path: String { file.path }
    /// Keeps `bytes`.
    private let file: MappedFile
    private let bytes: UnsafeRawBufferPointer
    /// Where `bytes` begin in the file.
    private let start: Int
    private var lexer: JSONLexer
    private var depth = 0

    /// Objects and arrays inside each other.
    static let depthMax = 64
    /// Bytes of one string: all tokens of a vocabulary have no more together.
    static let stringBytesMax = 1 << 28

    /// - Parameter range: the bytes to read; nil: all.
    package init(_ file: MappedFile, _ range: Range<Int>? = nil) {
        let range = range ?? file.bytes.indices
        (self.file, start) = (file, range.lowerBound)
        bytes = UnsafeRawBufferPointer(rebasing: file.bytes[range])
        var limits = JSONLimits()
        limits.stringBytesMax = Self.stringBytesMax
        limits.depthMax = Self.depthMax
        lexer = JSONLexer(bytes, limits: limits)
        lexer.skipWhitespace()
    }

    /// Byte of the file.
    package var offset: Int { start + lexer.offset }

    package func refuse(_ field: String, at offset: Int? = nil, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: field, offset: offset ?? self.offset, found: found, wanted: wanted)
    }

    package var isAtArray: Bool { lexer.peek() == UInt8(ascii: "[") }

    // MARK: Objects and arrays

    /// Calls `body` for each member with the reader at its value, which `body` must take or skip. A key that comes
    /// twice is an error; `membersMax` bounds what that costs.
    package mutating func members(
        of field: String, membersMax: Int,
        _ body: (_ key: String, _ json: inout CheckpointJSON) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        var seen: Set<String> = []
        try rawMembers(of: field) { key, json throws(CheckpointError) in
            let name = json.text(key)
            guard seen.insert(name).inserted else {
                throw json.refuse(field, found: "\(name.quotedForMessage()) again", wanted: "each name once")
            }
            guard seen.count <= membersMax else {
                throw json.refuse(field, found: "more than \(membersMax) names", wanted: "at most \(membersMax)")
            }
            try body(name, &json)
        }
    }

    /// The same for keys that the caller tells apart itself.
    package mutating func rawMembers(
        of field: String,
        _ body: (_ key: Text, _ json: inout CheckpointJSON) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try descend(UInt8(ascii: "{"), "an object", field)
        defer { depth -= 1 }
        lexer.skipWhitespace()
        if lexer.take(UInt8(ascii: "}")) { return }
        while true {
            lexer.skipWhitespace()
            let key = try rawString(field)
            lexer.skipWhitespace()
            guard lexer.take(UInt8(ascii: ":")) else { throw broken(lexer.unexpected("':'"), field) }
            lexer.skipWhitespace()
            try body(key, &self)
            lexer.skipWhitespace()
            if lexer.take(UInt8(ascii: ",")) { continue }
            guard lexer.take(UInt8(ascii: "}")) else { throw broken(lexer.unexpected("',' or '}'"), field) }
            return
        }
    }

    /// Calls `body` for each item with the reader at it; `body` must take or skip it.
    package mutating func items(
        of field: String, _ body: (_ index: Int, _ json: inout CheckpointJSON) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try descend(UInt8(ascii: "["), "an array", field)
        defer { depth -= 1 }
        lexer.skipWhitespace()
        if lexer.take(UInt8(ascii: "]")) { return }
        var index = 0
        while true {
            lexer.skipWhitespace()
            try body(index, &self)
            index += 1
            lexer.skipWhitespace()
            if lexer.take(UInt8(ascii: ",")) { continue }
            guard lexer.take(UInt8(ascii: "]")) else { throw broken(lexer.unexpected("',' or ']'"), field) }
            return
        }
    }

    private mutating func descend(_ bracket: UInt8, _ kind: String, _ field: String) throws(CheckpointError) {
        guard lexer.peek() == bracket else { throw broken(lexer.unexpected(kind), field) }
        guard depth < Self.depthMax else { throw broken(lexer.tooDeep, field) }
        _ = lexer.take(bracket)
        depth += 1
    }

    /// Nothing but white space may follow.
    package mutating func end(_ field: String) throws(CheckpointError) {
        do { try lexer.end() } catch { throw broken(error, field) }
    }

    // MARK: Values

    /// A string as it stands in the file, checked but not decoded.
    package struct Text {
        fileprivate let token: JSONLexer.StringToken
    }

    package mutating func rawString(_ field: String) throws(CheckpointError) -> Text {
        guard lexer.peek() == UInt8(ascii: "\"") else { throw broken(lexer.unexpected("a string"), field) }
        do { return Text(token: try lexer.string()) } catch { throw broken(error, field) }
    }

    package func text(_ string: Text) -> String { lexer.text(string.token) }

    /// Where the string's bytes lie in the file; nil when escapes must be decoded first.
    package func plainRange(_ string: Text) -> Range<Int>? {
        string.token.hasEscapes
            ? nil : start + string.token.range.lowerBound..<start + string.token.range.upperBound
    }

    mutating func string(_ field: String) throws(CheckpointError) -> String { text(try rawString(field)) }

    /// An integer in `range`.
    package mutating func integer(_ field: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
        let at = offset
        let value = try number(field)
        guard case .integer(let wide) = value, let integer = Int(exactly: wide), range.contains(integer) else {
            throw refuse(
                field, at: at, found: value.shown, wanted: "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    private mutating func number(_ field: String) throws(CheckpointError) -> JSON {
        let next = lexer.peek()
        guard next == UInt8(ascii: "-") || (0x30...0x39).contains(next) else {
            throw broken(lexer.unexpected("a number"), field)
        }
        do { return try lexer.value(lexer.number()) } catch { throw broken(error, field) }
    }

    /// Goes past one value of any kind.
    package mutating func skip(_ field: String) throws(CheckpointError) {
        switch lexer.peek() {
        case UInt8(ascii: "{"):
            try rawMembers(of: field) { _, json throws(CheckpointError) in try json.skip(field) }
        case UInt8(ascii: "["):
            try items(of: field) { _, json throws(CheckpointError) in try json.skip(field) }
        case UInt8(ascii: "\""): _ = try rawString(field)
        case UInt8(ascii: "t"): try literal("true", field)
        case UInt8(ascii: "f"): try literal("false", field)
        case UInt8(ascii: "n"): try literal("null", field)
        default: _ = try number(field)
        }
    }

    private mutating func literal(_ word: StaticString, _ field: String) throws(CheckpointError) {
        do { try lexer.literal(word) } catch { throw broken(error, field) }
    }

    /// One value of any kind as a tree, for the parts of a file that are small.
    package mutating func value(_ field: String) throws(CheckpointError) -> JSON {
        let begin = lexer.offset
        try skip(field)
        do {
            return try JSON(parsing: UnsafeRawBufferPointer(rebasing: bytes[begin..<lexer.offset]))
        } catch {
            throw refuse(
                field, at: start + begin + error.byteOffset, found: error.message, wanted: "JSON within the limits")
        }
    }

    private func broken(_ error: JSONError, _ field: String) -> CheckpointError {
        let words = error.words(in: bytes)
        return refuse(field, at: start + error.byteOffset, found: words.found, wanted: words.wanted)
    }
}

extension JSONError {
    /// The message in two halves; where the cause is a known one, that.
    func words(in bytes: UnsafeRawBufferPointer) -> (found: String, wanted: String) {
        if let cause = cause(in: bytes) {
            return (cause.found, "JSON" + (cause.advice.isEmpty ? "" : ": \(cause.advice)"))
        }
        let halves = message.hasPrefix("found ") ? message.dropFirst("found ".count) : message[...]
        guard let cut = halves.firstRange(of: ", wanted ") else { return (String(halves), "JSON") }
        let wanted = halves[cut.upperBound...]
        return (String(halves[..<cut.lowerBound]), wanted == "a JSON value" ? "JSON" : "JSON: \(wanted)")
    }
}

extension JSON {
    /// nil for what is no integer, or none that fits.
    var numberOfThings: Int? { if case .integer(let number) = self { Int(exactly: number) } else { nil } }

    /// For messages: the value itself where it is short.
    package var shown: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .exact(let number): number.text.count <= 40 ? number.text : kind
        case .string(let text): text.quotedForMessage()
        case .array, .object: kind
        }
    }
}
