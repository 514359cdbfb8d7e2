import Foundation
import Testing

@testable import LlamaStackAPI

/// The values that are strings over the wire, and those of several forms.
struct ValueTests {
    static let dateRows: [(text: String, seconds: Double, written: String)] = [
        ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
        ("2024-07-11T12:10:30+02:00", 1_720_692_630, "2024-07-11T10:10:30Z"),
        ("2024-02-29t23:59:60z", 1_709_251_200, "2024-03-01T00:00:00Z"),
        ("1969-12-31T23:59:59.5-00:30", 1_799.5, "1970-01-01T00:29:59.500000Z"),
        ("0001-01-01T00:00:00Z", -62_135_596_800, "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", 253_402_300_799, "9999-12-31T23:59:59Z"),
        ("1900-03-01 00:00:00.000001Z", -2_203_891_199.999999, "1900-03-01T00:00:00.000001Z"),
    ]

    @Test("a date-time is read with its zone and written in UTC", arguments: dateRows.indices)
    func dates(index: Int) throws {
        let row = Self.dateRows[index]
        let date = try Date(json: .string(row.text), at: .root)
        #expect(date.timeIntervalSince1970 == row.seconds)
        #expect(date.json == .string(row.written))
    }

    @Test(
        "a date-time without a zone, or of a day there is not, is refused",
        arguments: [
            "2024-07-11T10:10:30", "2024-07-11", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:61Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+0200", "2024-01-01T00:00:00Zx",
            "0000-01-01T00:00:00Z", "now", "",
        ])
    func badDates(text: String) {
        #expect(throws: WireError.self) { try Date(json: .string(text), at: .root) }
    }

    @Test("a date beyond the calendar of the format is written as its end")
    func farDates() {
        #expect(Date(timeIntervalSince1970: .infinity).json == "9999-12-31T23:59:59Z")
        #expect(Date(timeIntervalSince1970: -1e300).json == "0001-01-01T00:00:00Z")
    }

    @Test(
        "bytes are base64 with padding",
        arguments: [([], ""), ([104, 105], "aGk="), ([0, 255, 128], "AP+A")] as [([UInt8], String)])
    func base64(bytes: [UInt8], text: String) throws {
        #expect(Base64Data(bytes).json == .string(text))
        #expect(try Base64Data(json: .string(text), at: .root).bytes == bytes)
    }

    @Test("bytes of every length read back from their base64")
    func base64RoundTrip() throws {
        for count in 0..<70 {
            let data = Base64Data((0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count) })
            #expect(data.json == .string(Data(data.bytes).base64EncodedString()))
            #expect(try Base64Data(json: data.json, at: .root) == data)
        }
    }

    @Test(
        "what is not base64 is refused",
        arguments: ["aGk", "aGk=\n", "a-_=", "====", "a", "=", "a===", "aG=k", "aGl=", "aR==", "ä==="])
    func badBase64(text: String) {
        #expect(throws: WireError.self) { try Base64Data(json: .string(text), at: .root) }
    }

    @Test(
        "a URL is taken as a string or as an object of that time, and written as a string",
        arguments: [
            "\"https://a/b\"", #"{"url":"https://a/b"}"#, #"{"uri":"https://a/b"}"#,
        ])
    func url(text: String) throws {
        #expect(try WireURL(json: JSON(parsing: text), at: .root).json == "https://a/b")
    }

    @Test(
        "a URL of another scheme, or an object of another form, is refused",
        arguments: [
            #""ftp://a""#, #""HTTP://a""#, #""""#, "1", "{}", #"{"url":1}"#, #"{"href":"http://a"}"#,
            #"{"url":"http://a","uri":"http://a"}"#,
        ])
    func badURL(text: String) {
        #expect(throws: WireError.self) { try WireURL(json: JSON(parsing: text), at: .root) }
    }

    @Test("an id is 1 to 200 bytes without control characters")
    func identifiers() {
        let holds = Check.identifier.holds
        #expect(holds("a") && holds("ä/.. b'") && holds(String(repeating: "x", count: 200)))
        #expect(
            !holds("") && !holds(String(repeating: "x", count: 201)) && !holds("a\u{0}") && !holds("a\u{85}")
                && !holds("\n"))
    }

    @Test("a built-in tool's name means that tool, any other is the caller's")
    func toolNames() throws {
        #expect(try ToolName(json: "web_search", at: .root) == .builtin(.webSearch))
        #expect(try ToolName(json: "weather", at: .root) == .custom("weather"))
        #expect(ToolName.builtin(.webSearch).json == "web_search")
    }

    @Test("a set's items differ, and it is written in order")
    func sets() throws {
        #expect(try Set<String>(json: ["b", "a"], at: .root).json == ["a", "b"])
        #expect(throws: WireError(FieldPath.root[1], "comes twice; the items must differ")) {
            try Set<String>(json: ["a", "a"], at: .root)
        }
    }

    @Test(
        "content has three forms, each kept as it came",
        arguments: [
            #""hi""#, #"{"url":"data:,x","mime_type":"text/plain"}"#,
            #"["a",{"url":"data:,x","mime_type":"text/plain"},"b"]"#, "[]",
        ])
    func content(text: String) throws {
        #expect(try Content(json: JSON(parsing: text), at: .root).json.text == text)
    }

    @Test("a step of one kind with another's fields is refused")
    func steps() {
        #expect(
            throws: WireError(
                FieldPath.root["text"], "is not a field of SafetyFilteringStep; it has step_type, uuid, violation")
        ) {
            try ExecutionStep(json: ["step_type": "safety_filtering", "uuid": "s", "text": "x"], at: .root)
        }
        #expect(throws: WireError(FieldPath.root["step_type"], #"must be "tool_execution", got "model_inference""#)) {
            try ToolExecutionStep(
                json: ["step_type": "model_inference", "uuid": "s", "tool_calls": [], "tool_responses": []], at: .root)
        }
    }

    @Test("any model's name is taken, and the document prints the draft's")
    func models() throws {
        #expect(try InstructModel(json: "my-model", at: .root).rawValue == "my-model")
        #expect(
            InstructModel.schema.openAPIDefinition == [
                "type": "string", "enum": ["llama3_8b_chat", "llama3_70b_chat"],
            ])
    }
}
