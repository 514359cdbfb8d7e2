import Testing

@testable import LlamaStackAPI

struct RequestScanTests {
    private func scan(_ text: String) throws -> RequestScan { try RequestScan(Array(text.utf8), field: "model") }

    @Test("the top-level field that was asked for and stream are found wherever they stand")
    func finds() throws {
        let scan = try scan(
            #"{"dialog":{"model":"no","stream":false},"stream":true,"x":[{"model":1}],"model":"a\u0062c"}"#)
        #expect(scan.top == .object && scan.string == "abc" && scan.stream == true)
    }

    @Test(
        "what is missing, null or of another type is nil",
        arguments: ["{}", #"{"model":null,"stream":null}"#, #"{"model":1,"stream":"true"}"#])
    func findsNothing(text: String) throws {
        let scan = try scan(text)
        #expect(scan.top == .object && scan.string == nil && scan.stream == nil)
    }

    @Test("an array is scanned too, and its items' keys are not the top's")
    func scansArrays() throws {
        let scan = try scan(#"[{"model":"a","model":"b"}]"#)
        #expect(scan.top == .array && scan.string == nil)
    }

    @Test("a top-level key that comes twice is refused")
    func refusesDuplicates() {
        #expect(throws: JSONError("the key \"stream\" comes twice in one object", byteOffset: 15)) {
            try scan(#"{"stream":true,"stream":false}"#)
        }
    }

    @Test("every text that the parser takes passes", arguments: JSONParserTests.accepted.indices)
    func accepts(index: Int) throws { _ = try scan(JSONParserTests.accepted[index].text) }

    @Test("every text that the parser refuses is refused in the same words", arguments: JSONParserTests.refused.indices)
    func refuses(index: Int) {
        let row = JSONParserTests.refused[index]
        #expect(throws: JSONError(row.message, byteOffset: row.offset)) { try scan(row.text) }
    }

    @Test("scan and parser agree on texts with one byte changed", arguments: [1, 2, 3, 4] as [UInt64])
    func agrees(seed: UInt64) {
        var random = Splitmix(state: seed)
        for round in 0..<500 {
            // Arrays on top: the scan leaves keys of deeper objects to the parser, and random ones rarely come twice.
            var bytes = JSON.array([.random(depth: 4, using: &random)]).bytes
            let at = Int.random(in: bytes.indices, using: &random)
            bytes[at] =
                Bool.random(using: &random)
                ? UInt8.random(in: 0...255, using: &random) : (bytes.randomElement(using: &random) ?? 0)
            let parsed = Result { try JSON(parsing: bytes) }, scanned = Result { try RequestScan(bytes) }
            if case .failure(let error as JSONError) = parsed, error.message.contains("comes twice") { continue }
            #expect(
                failure(parsed) == failure(scanned),
                "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    private func failure<T>(_ result: Result<T, any Error>) -> String? {
        guard case .failure(let error) = result else { return nil }
        return "\(error)"
    }

    @Test("64 levels pass and 65 are too deep")
    func depth() throws {
        let nested = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        _ = try scan(nested(64))
        #expect(throws: JSONError("objects and arrays are nested deeper than 64", byteOffset: 64, code: .jsonTooDeep)) {
            try scan(nested(65))
        }
    }
}
