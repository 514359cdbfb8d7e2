/// The facts that the front needs of a body that it only forwards, from one pass that builds no values: that it is JSON
/// within the limits, whether a top-level key comes twice, the top-level `stream`, and the strings of one more field
/// when asked.
///
/// It takes what ``JSON/init(parsing:limits:)`` takes, except that it does not look for keys that come twice in deeper
/// objects: decoding the body does. Linear in the text; memory is a few bytes for each open bracket and the top-level
/// keys.
package struct RequestScan: Sendable, Equatable {
    package enum Top: Sendable, Equatable { case object, array, scalar }

    package private(set) var top = Top.scalar
    /// nil when it is missing, null, or not a boolean.
    package private(set) var stream: Bool?

    /// The string of the field that was asked for; nil when it is missing, null, or not a string: then the provider's
    /// decoding says what it must be.
    package private(set) var string: String?
    /// The same, or the strings of its array; none when it is anything else.
    package private(set) var strings: [String] = []
    private var wanted: String?

    /// - Parameter field: a top-level field whose strings to keep.
    package init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits(), field: String? = nil) throws(JSONError) {
        let result = bytes.withUnsafeBytes { raw -> Result<RequestScan, JSONError> in
            do throws(JSONError) { return .success(try RequestScan(raw, limits: limits, field: field)) } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    package init(
        _ bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits(), field: String? = nil
    ) throws(JSONError) {
        wanted = field
        var lexer = JSONLexer(bytes, limits: limits)
        try run(&lexer)
    }

    /// An open bracket: an object or an array, and what it holds so far.
    private struct Level {
        var isObject: Bool
        var count = 0
    }

    private mutating func run(_ lexer: inout JSONLexer) throws(JSONError) {
        var levels: [Level] = []
        levels.reserveCapacity(min(lexer.limits.depthMax, JSONLimits.depthCeiling))
        var keys = KeySet()
        var steps = 0
        lexer.skipWhitespace()
        while true {
            // A value is at hand.
            var isOpen = false
            switch lexer.peek() {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                let isObject = lexer.peek() == UInt8(ascii: "{")
                guard levels.count < min(lexer.limits.depthMax, JSONLimits.depthCeiling) else { throw lexer.tooDeep }
                if levels.isEmpty { top = isObject ? .object : .array }
                _ = lexer.take(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
                lexer.skipWhitespace()
                isOpen = !lexer.take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
                if isOpen { levels.append(Level(isObject: isObject)) }
            case UInt8(ascii: "\""): _ = try lexer.string()
            case UInt8(ascii: "t"): try lexer.literal("true")
            case UInt8(ascii: "f"): try lexer.literal("false")
            case UInt8(ascii: "n"): try lexer.literal("null")
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try lexer.checkFinite(try lexer.number())
            default: throw lexer.unexpected("a JSON value")
            }
            // After a value: close what ends, or go on to the next item.
            if !isOpen, try close(&levels, &lexer) { return try lexer.end() }
            try next(&levels, &lexer, &keys, &steps)
        }
    }

    /// Past the brackets that end here. True when the outermost value is whole; else a comma has been taken.
    @inline(__always)
    private func close(_ levels: inout [Level], _ lexer: inout JSONLexer) throws(JSONError) -> Bool {
        while let level = levels.last {
            lexer.skipWhitespace()
            if lexer.take(UInt8(ascii: ",")) {
                lexer.skipWhitespace()
                return false
            }
            guard lexer.take(level.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw lexer.unexpected(level.isObject ? "',' or '}'" : "',' or ']'")
            }
            levels.removeLast()
        }
        return true
    }

    /// To the next value of the innermost bracket: past its key in an object.
    @inline(__always)
    private mutating func next(
        _ levels: inout [Level], _ lexer: inout JSONLexer, _ keys: inout KeySet, _ steps: inout Int
    ) throws(JSONError) {
        let last = levels.count - 1
        levels[last].count += 1
        let limits = lexer.limits
        guard levels[last].isObject else {
            guard levels[last].count <= limits.itemsMax else {
                throw lexer.tooMany("items in one array", limits.itemsMax)
            }
            return
        }
        let start = lexer.offset
        guard lexer.peek() == UInt8(ascii: "\"") else { throw lexer.unexpected("a key in quotes") }
        let token = try lexer.string()
        guard levels[last].count <= limits.membersMax else {
            throw lexer.tooMany("members in one object", limits.membersMax)
        }
        lexer.skipWhitespace()
        guard lexer.take(UInt8(ascii: ":")) else { throw lexer.unexpected("':'") }
        lexer.skipWhitespace()
        guard last == 0 else { return }
        let key = lexer.text(token)
        guard keys.insert(key, steps: &steps) else { throw KeySet.duplicate(key, at: start) }
        try note(key, lexer)
    }

    /// Reads the value at hand with a copy of the lexer, if it is one that we want.
    private mutating func note(_ key: String, _ lexer: JSONLexer) throws(JSONError) {
        switch (key, lexer.peek()) {
        case ("stream", UInt8(ascii: "t")): stream = true
        case ("stream", UInt8(ascii: "f")): stream = false
        default: break
        }
        guard key == wanted else { return }
        strings = try Self.strings(lexer)
        if lexer.peek() == UInt8(ascii: "\"") { string = strings.first }
    }

    private static func strings(_ lexer: JSONLexer) throws(JSONError) -> [String] {
        var ahead = lexer
        if ahead.peek() == UInt8(ascii: "\"") { return [ahead.text(try ahead.string())] }
        guard ahead.take(UInt8(ascii: "[")) else { return [] }
        var strings: [String] = []
        while true {
            ahead.skipWhitespace()
            guard ahead.peek() == UInt8(ascii: "\"") else { return strings }
            strings.append(ahead.text(try ahead.string()))
            ahead.skipWhitespace()
            guard ahead.take(UInt8(ascii: ",")) else { return strings }
        }
    }
}
