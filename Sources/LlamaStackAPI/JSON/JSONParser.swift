extension JSON {
    /// Reads a whole JSON text, strictly RFC 8259.
    ///
    /// Our own parser, because Foundation's `JSONDecoder` takes time that grows with the square of the nesting depth,
    /// does not see that a key comes twice, and forgets the order of keys. Beyond the RFC it refuses duplicate keys
    /// (keys that Unicode holds to be the same text count as one), a byte order mark, halves of surrogate pairs,
    /// numbers with a fraction or an exponent that are beyond all doubles, and whatever passes `limits`. A number keeps
    /// its digits, however many. Time and memory are linear in the text.
    public init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var parser = JSONParser(JSONLexer(bytes, limits: limits))
        self = try parser.document()
    }

    /// Reads a whole JSON text as ``init(parsing:limits:)`` of borrowed bytes does.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try JSONParser.parse(bytes, limits: limits).json
    }

    /// Reads a whole JSON text out of a string; offsets of errors count its UTF-8 bytes.
    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try JSON(parsing: Array(text.utf8), limits: limits)
    }
}

struct JSONParser {
    private var lexer: JSONLexer
    private var depth = 0
    private let depthMax: Int
    /// Values, and comparisons of keys: what a test counts to see that the time is linear.
    private(set) var steps = 0

    init(_ lexer: JSONLexer) {
        self.lexer = lexer
        self.depthMax = min(lexer.limits.depthMax, JSONLimits.depthCeiling)
    }

    static func parse(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) -> (json: JSON, steps: Int) {
        let result = bytes.withUnsafeBytes { raw -> Result<(json: JSON, steps: Int), JSONError> in
            var parser = JSONParser(JSONLexer(raw, limits: limits))
            do throws(JSONError) {
                let json = try parser.document()
                return .success((json, parser.steps))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    mutating func document() throws(JSONError) -> JSON {
        lexer.skipWhitespace()
        let json = try value()
        try lexer.end()
        return json
    }

    private mutating func value() throws(JSONError) -> JSON {
        steps += 1
        switch lexer.peek() {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .string(lexer.text(try lexer.string()))
        case UInt8(ascii: "t"):
            try lexer.literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try lexer.literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try lexer.literal("null")
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try lexer.value(try lexer.number())
        default: throw lexer.unexpected("a JSON value")
        }
    }

    private mutating func object() throws(JSONError) -> JSONObject {
        try descend()
        defer { depth -= 1 }
        var members: [JSONObject.Member] = []
        members.reserveCapacity(4)
        var seen = MemberKeys()
        if lexer.take(UInt8(ascii: "}")) { return JSONObject(uncheckedMembers: members) }
        while true {
            lexer.skipWhitespace()
            let start = lexer.offset
            guard lexer.peek() == UInt8(ascii: "\"") else { throw lexer.unexpected("a key in quotes") }
            let key = lexer.text(try lexer.string())
            guard seen.insert(key, after: members, steps: &steps) else { throw KeySet.duplicate(key, at: start) }
            guard members.count < lexer.limits.membersMax else {
                throw lexer.tooMany("members in one object", lexer.limits.membersMax)
            }
            lexer.skipWhitespace()
            guard lexer.take(UInt8(ascii: ":")) else { throw lexer.unexpected("':'") }
            lexer.skipWhitespace()
            members.append(JSONObject.Member(key: key, value: try value()))
            lexer.skipWhitespace()
            if lexer.take(UInt8(ascii: ",")) { continue }
            guard lexer.take(UInt8(ascii: "}")) else { throw lexer.unexpected("',' or '}'") }
            return JSONObject(uncheckedMembers: members)
        }
    }

    private mutating func array() throws(JSONError) -> [JSON] {
        try descend()
        defer { depth -= 1 }
        var items: [JSON] = []
        if lexer.take(UInt8(ascii: "]")) { return items }
        while true {
            lexer.skipWhitespace()
            guard items.count < lexer.limits.itemsMax else {
                throw lexer.tooMany("items in one array", lexer.limits.itemsMax)
            }
            items.append(try value())
            lexer.skipWhitespace()
            if lexer.take(UInt8(ascii: ",")) { continue }
            guard lexer.take(UInt8(ascii: "]")) else { throw lexer.unexpected("',' or ']'") }
            return items
        }
    }

    /// Past the opening bracket at hand.
    private mutating func descend() throws(JSONError) {
        guard depth < depthMax else { throw lexer.tooDeep }
        depth += 1
        _ = lexer.take(lexer.peek())
        lexer.skipWhitespace()
    }
}

/// The keys of one object so far: a few are compared one by one, many are hashed.
struct KeySet {
    /// From this many on they are hashed.
    fileprivate static let hashedMin = 16

    private var few: [String] = []
    private var many: Set<String> = []

    /// False when it was there already.
    mutating func insert(_ key: String, steps: inout Int) -> Bool {
        if !many.isEmpty {
            steps += 1
            return many.insert(key).inserted
        }
        steps += few.count
        if few.contains(key) { return false }
        few.append(key)
        if few.count == Self.hashedMin { many = Set(few) }
        return true
    }

    static func duplicate(_ key: String, at offset: Int) -> JSONError {
        JSONError("the key \"\(key.prefix(64))\" comes twice in one object", byteOffset: offset)
    }
}

/// The same beside the members that have the keys: these are compared while they are few.
private struct MemberKeys {
    private var many: Set<String> = []

    /// False when one of `members` has it, which are all that came before.
    mutating func insert(_ key: String, after members: [JSONObject.Member], steps: inout Int) -> Bool {
        guard many.isEmpty else {
            steps += 1
            return many.insert(key).inserted
        }
        steps += members.count
        if members.contains(where: { $0.key == key }) { return false }
        if members.count + 1 == KeySet.hashedMin {
            many = Set(members.map(\.key))
            many.insert(key)
        }
        return true
    }
}
