import Testing

@testable import LlamaStackAPI

struct JSONParserTests {
    private static func exact(_ text: String) -> JSON { .exact(JSONDecimal(unchecked: text)) }

    static let accepted: [(text: String, value: JSON)] = [
        ("null", .null), ("true", true), ("false", false), (" \t\r\n1 ", 1), ("0", 0), ("-0", .number(-0.0)),
        ("-12", -12), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", exact("9223372036854775808")), ("1.0", 1.0), ("0.1", 0.1), ("-0.95", -0.95),
        ("1e2", 100.0), ("1E+2", 100.0), ("1.5e-3", 0.0015), ("1e-400", exact("1e-400")), ("2.5e307", 2.5e307),
        ("123456789012345678.5", exact("123456789012345678.5")), ("\"\"", ""),
        (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u0041\u00e9\u20AC\ud83d\ude00""#, "Aé€😀"), ("\"é€😀\u{7f}\"", "é€😀\u{7f}"), (#""\u0000""#, "\0"),
        ("[]", []), ("[ ]", []), ("[1,[2, 3]]", [1, [2, 3]]), ("{}", [:]), ("{ }", [:]),
        (#"{"b":1,"a":{"b":null}}"#, ["b": 1, "a": ["b": .null]]), (#"{"":1}"#, ["": 1]),
        (
            #""plain text longer than eight bytes, then é and \u0022""#,
            "plain text longer than eight bytes, then é and \""
        ),
    ]

    @Test("a JSON text gives its value", arguments: accepted.indices)
    func accepts(index: Int) throws {
        let row = Self.accepted[index]
        #expect(try JSON(parsing: row.text) == row.value)
    }

    static let refused: [(text: String, offset: Int, message: String)] = [
        ("", 0, "the text ends, wanted a JSON value"), ("  ", 2, "the text ends, wanted a JSON value"),
        ("nul", 3, "the text ends, wanted 'null'"), ("nulL", 3, "found 'L', wanted 'null'"),
        ("NaN", 0, "found 'N', wanted a JSON value"), ("Infinity", 0, "found 'I', wanted a JSON value"),
        ("1 2", 2, "found '2', wanted the end of the text"), ("01", 0, "a number must not begin with a zero"),
        ("-", 1, "the text ends, wanted a digit"), ("1.", 2, "the text ends, wanted a digit"),
        (".5", 0, "found '.', wanted a JSON value"), ("+1", 0, "found '+', wanted a JSON value"),
        ("1e", 2, "the text ends, wanted a digit"), ("1e400", 0, "the number is too large"),
        ("-1e400", 0, "the number is too large"), ("[1,]", 3, "found ']', wanted a JSON value"),
        ("[1", 2, "the text ends, wanted ',' or ']'"), ("[1}", 2, "found '}', wanted ',' or ']'"),
        ("[", 1, "the text ends, wanted a JSON value"), ("{", 1, "the text ends, wanted a key in quotes"),
        (#"{"a"}"#, 4, "found '}', wanted ':'"), (#"{"a":1,}"#, 7, "found '}', wanted a key in quotes"),
        (#"{a:1}"#, 1, "found 'a', wanted a key in quotes"), (#"{"a":1 "b":2}"#, 7, "found '\"', wanted ',' or '}'"),
        (#"{"a":1,"a":2}"#, 7, "the key \"a\" comes twice in one object"),
        (#"{"a":1,"\u0061":2}"#, 7, "the key \"a\" comes twice in one object"),
        ("\"a", 2, "the text ends inside a string"),
        (#""a\"#, 3, "the text ends, wanted one of \" \\ / b f n r t u after a backslash"),
        (#""\x""#, 2, "found 'x', wanted one of \" \\ / b f n r t u after a backslash"),
        (#""\u12g4""#, 5, "found 'g', wanted four hex digits after \\u"),
        (#""\ud800""#, 1, "half of a surrogate pair stands alone"),
        (#""\ude00""#, 1, "half of a surrogate pair stands alone"),
        (#""\ud800\u0041""#, 1, "half of a surrogate pair stands alone"),
        (#""\ud800x""#, 1, "half of a surrogate pair stands alone"),
        ("\"a\nb\"", 2, "a control character in a string must be written as \\u000A"),
        ("\u{FEFF}1", 0, "found a byte order mark, wanted a JSON value"), ("'a'", 0, "found ''', wanted a JSON value"),
        ("// x\n1", 0, "found '/', wanted a JSON value"), ("[1]\0", 3, "found byte 0x00, wanted the end of the text"),
        ("\0", 0, "found byte 0x00, wanted a JSON value"),
    ]

    @Test("a text that is not JSON is refused with the place and the reason", arguments: refused.indices)
    func refuses(index: Int) {
        let row = Self.refused[index]
        #expect(throws: JSONError(row.message, byteOffset: row.offset)) { try JSON(parsing: row.text) }
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE2, 0x82],
            [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xF0, 0x9F, 0x98],
            [0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0xFF],
        ] as [[UInt8]])
    func refusesBrokenUTF8(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22] + bytes + [0x22]) }
    }

    @Test("64 levels are read and 65 are refused as too deep")
    func depth() throws {
        let nested = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        _ = try JSON(parsing: nested(64))
        #expect(throws: JSONError("objects and arrays are nested deeper than 64", byteOffset: 64, code: .jsonTooDeep)) {
            try JSON(parsing: nested(65))
        }
    }

    @Test("100,000 levels are refused after 65 steps")
    func refusesAbyss() {
        let bytes = [UInt8](repeating: 0x5B, count: 100_000)
        let error = #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
        #expect(error?.code == .jsonTooDeep && error?.byteOffset == 64)
    }

    @Test("a limit on depth cannot be raised beyond what the stack bears")
    func depthCeiling() throws {
        var limits = JSONLimits()
        limits.depthMax = 1_000_000
        let nested = { String(repeating: #"{"a":"#, count: $0) + "1" + String(repeating: "}", count: $0) }
        _ = try JSON(parsing: nested(512), limits: limits)
        #expect(throws: JSONError.self) { try JSON(parsing: nested(513), limits: limits) }
    }

    @Test("a string of 1 MiB is read and one more byte is refused")
    func stringLimit() throws {
        let text = { "\"" + String(repeating: "x", count: $0) + "\"" }
        #expect(try JSON(parsing: text(1 << 20)).stringValue?.utf8.count == 1 << 20)
        #expect(throws: JSONError("a string has 1048577 bytes, at most 1048576 are taken", byteOffset: 1)) {
            try JSON(parsing: text(1 << 20 + 1))
        }
        _ = try JSON(parsing: text(1 << 20 + 1), limits: JSONLimits(bodyBytesMax: 16 << 20))
    }

    @Test("items, members and digits have limits")
    func countLimits() {
        var limits = JSONLimits()
        (limits.itemsMax, limits.membersMax, limits.numberBytesMax) = (2, 2, 4)
        #expect(throws: JSONError("more than 2 items in one array", byteOffset: 5)) {
            try JSON(parsing: "[1,2,3]", limits: limits)
        }
        #expect(throws: JSONError("more than 2 members in one object", byteOffset: 16)) {
            try JSON(parsing: #"{"a":1,"b":2,"c":3}"#, limits: limits)
        }
        #expect(throws: JSONError("a number has 5 characters, at most 4 are taken", byteOffset: 0)) {
            try JSON(parsing: "12345", limits: limits)
        }
    }

    @Test("an error never repeats a long text")
    func shortErrors() {
        let key = String(repeating: "k", count: 5_000)
        let error = #expect(throws: JSONError.self) { try JSON(parsing: "{\"\(key)\":1,\"\(key)\":2}") }
        #expect((error?.message.count ?? 0) < 200)
    }

    @Test("twice the text takes at most twice the steps", arguments: ["items", "members", "nesting"])
    func linear(shape: String) throws {
        let text = { (count: Int) -> String in
            switch shape {
            case "items": "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]"
            case "members": "{" + (0..<count).map { "\"\($0)\":1" }.joined(separator: ",") + "}"
            default:
                "[" + Array(repeating: #"{"a":[[[[[[[[]]]]]]]]}"#, count: count).joined(separator: ",") + "]"
            }
        }
        let steps = try [2_000, 4_000].map { try JSONParser.parse(Array(text($0).utf8), limits: JSONLimits()).steps }
        #expect(steps[0] >= 2_000)
        #expect(steps[1] <= 2 * steps[0])
    }
}
