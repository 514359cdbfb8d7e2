import ProviderKit
import Testing

@testable import ToolsMCP

/// The values that go over the wire, without a server.
struct WireTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":3,"result":{"a":1}}"#, RPCMessage.answer(id: 3, .success(["a": 1]))),
        (
            #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}"#,
            .answer(id: .null, .failure(RPCError(code: -32600, message: "no")))
        ),
        (#"{"jsonrpc":"2.0","id":"x","method":"ping"}"#, .request(id: "x", method: "ping")),
        (#"{"jsonrpc":"2.0","method":"notifications/a"}"#, .notification(method: "notifications/a")),
    ])
    func `a message is an answer, a request or a notification`(_ text: String, _ message: RPCMessage) {
        #expect(RPCMessage(parsing: Self.bytes(text)) == message)
    }

    @Test(arguments: [
        "", "{", "{}", "null", "[]", #"{"id":1,"result":{}}"#, #"{"jsonrpc":"1.0","id":1,"result":{}}"#,
        #"[{"jsonrpc":"2.0","id":1,"result":{}}]"#, #"{"jsonrpc":"2.0","id":1}"#, "Server started", "\u{0}",
        #"{"jsonrpc":"2.0","id":1,"id":2,"result":{}}"#,
    ])
    func `anything else is no message`(_ text: String) {
        #expect(RPCMessage(parsing: Self.bytes(text)) == nil)
    }

    @Test func `lines are the same wherever they are cut, and one that is too long is refused`() throws {
        let text = Self.bytes("one\r\n\ntwo\nthree")
        for cut in 0...text.count {
            var cutter = LineCutter(bytesMax: 5)
            var lines: [String] = []
            for piece in [text[..<cut], text[cut...]] {
                try Array(piece).withUnsafeBytes { bytes in
                    try cutter.feed(bytes) { lines.append(String(decoding: $0, as: UTF8.self)) }
                }
            }
            #expect(lines == ["one", "two"] && cutter.hasRest)
        }
        var cutter = LineCutter(bytesMax: 5)
        #expect(throws: LineCutter.TooLong.self) {
            try Self.bytes("123456").withUnsafeBytes { try cutter.feed($0) { _ in } }
        }
    }

    @Test func `events are the same wherever they are cut`() throws {
        let text = Self.bytes(
            "\u{FEFF}: a comment\r\nid: 7\r\nretry: 1\r\n\r\nevent: message\rdata: one\r\rdata:two\ndata: lines\n\n"
                + "data\n\ndata: cut off")
        for cut in 0...text.count {
            var stream = EventStream(bytesMax: 100)
            var events: [String] = []
            for piece in [text[..<cut], text[cut...]] {
                events += try stream.feed(Array(piece)).map { String(decoding: $0, as: UTF8.self) }
            }
            #expect(events == ["one", "two\nlines", ""], "cut at \(cut)")
        }
        var stream = EventStream(bytesMax: 8)
        #expect(throws: EventStream.TooLong.self) { try stream.feed(Self.bytes("data: one two three")) }
    }

    private static let discovered: JSON = [
        "supportedVersions": ["2026-07-28"], "capabilities": ["tools": ["listChanged": true]],
    ]

    private static func rpc(_ code: Int64, supported: JSON = .null) -> ServerFault {
        .rpc(RPCError(code: code, message: "no", data: supported == .null ? .null : ["supported": supported]))
    }

    @Test(arguments: [
        (rpc(-32601), Discovery.legacy), (rpc(-32602), .legacy), (rpc(-32600), .legacy),
        (rpc(-32022, supported: ["2025-11-25"]), .legacy),
        (rpc(-32021), .neither(rpc(-32021))),
        (.late(method: "server/discover", seconds: 10, key: "k"), .legacy),
        (.http(status: 400, nil, challenge: nil), .legacy), (.http(status: 404, nil, challenge: nil), .legacy),
        (.http(status: 405, nil, challenge: nil), .legacy),
        (.http(status: 400, RPCError(code: -32600, message: "no session"), challenge: nil), .legacy),
        (.http(status: 401, nil, challenge: nil), .neither(.http(status: 401, nil, challenge: nil))),
        (.http(status: 503, nil, challenge: nil), .neither(.http(status: 503, nil, challenge: nil))),
        (.gone("it ended"), .neither(.gone("it ended"))),
    ])
    func `the answer to a probe tells the era`(_ fault: ServerFault, _ discovery: Discovery) {
        #expect(Discovery(probe: .failure(fault)) == discovery)
    }

    @Test func `a server of the newer era is known by its answer, and one of a third is refused`() {
        let capabilities = Discovery.Capabilities(["tools": ["listChanged": true]])
        #expect(capabilities.hasTools && capabilities.tellsChanges)
        #expect(Discovery(probe: .success(Self.discovered)) == .modern(capabilities))
        #expect(Discovery(probe: .success(["ok": true])) == .legacy)
        guard
            case .neither(.broken(let sentence)) = Discovery(
                probe: .failure(Self.rpc(-32022, supported: ["2030-01-01"])))
        else {
            Issue.record("it is taken")
            return
        }
        #expect(sentence.hasPrefix("it speaks 2030-01-01 of the protocol"))
    }

    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("two words", "two words"), ("Zürich", "=?base64?WsO8cmljaA==?="),
        (" padded", "=?base64?IHBhZGRlZA==?="), ("a\nb", "=?base64?YQpi?="),
        ("=?base64?eA==?=", "=?base64?PT9iYXNlNjQ/ZUE9PT89?="),
    ])
    func `a value that no header can carry is written in base64`(_ value: String, _ text: String) {
        #expect(HTTPHeaderText.value(value) == text)
    }

    private static func schema(_ properties: JSON) -> JSONObject { ["type": "object", "properties": properties] }

    @Test func `marked arguments are found by their path, and missing ones have no header`() throws {
        let marks = try HeaderMark.all(
            in: Self.schema([
                "region": ["type": "string", "x-mcp-header": "Region"],
                "options": [
                    "type": "object", "properties": ["limit": ["type": "integer", "x-mcp-header": "Limit"]],
                ],
                "sure": ["type": "boolean", "x-mcp-header": "Sure"],
            ]))
        let arguments: JSONObject = ["region": "eu", "options": ["limit": 42], "sure": .null]
        #expect(
            marks.compactMap { $0.header(for: arguments) } == [
                HTTPField("Mcp-Param-Region", "eu"), HTTPField("Mcp-Param-Limit", "42"),
            ])
    }

    @Test(
        arguments: [
            ["a": ["type": "string", "x-mcp-header": ""]], ["a": ["type": "string", "x-mcp-header": "no name"]],
            ["a": ["type": "string", "x-mcp-header": 5]], ["a": ["type": "number", "x-mcp-header": "A"]],
            ["a": ["type": "object", "x-mcp-header": "A"]], ["a": ["x-mcp-header": "A"]],
            ["a": ["type": "string", "x-mcp-header": "A"], "b": ["type": "string", "x-mcp-header": "a"]],
            ["a": ["type": "array", "items": ["type": "string", "x-mcp-header": "A"]]],
            ["a": ["anyOf": [["type": "string", "x-mcp-header": "A"]]]],
            ["a": ["type": "array", "items": ["properties": ["b": ["type": "string", "x-mcp-header": "A"]]]]],
        ] as [JSON])
    func `a mark that breaks a rule is refused`(_ properties: JSON) {
        #expect(throws: HeaderMark.Mistake.self) { try HeaderMark.all(in: Self.schema(properties)) }
    }

    private static let refused: [(JSON, String)] = [
        (["name": "a"], "the tool 'a' has an inputSchema that is not of an object"),
        (["name": "a", "inputSchema": ["type": "string"]], "the tool 'a' has an inputSchema that is not of an object"),
        (["inputSchema": ["type": "object"]], "a tool has no name"),
        (
            ["name": "a", "inputSchema": ["type": "object", "x": .string(String(repeating: "x", count: 70_000))]],
            "the tool 'a' has an inputSchema of 70024 bytes; schemaBytesMax is 65536"
        ),
    ]

    @Test(arguments: refused)
    func `a tool that can't be used is left out with a sentence`(_ tool: JSON, _ sentence: String) throws {
        let page = try ToolPage(["tools": [tool, ["name": "b", "inputSchema": ["type": "object"]]], "ttlMs": -5])
        #expect(page.tools.map(\.name) == ["b"] && page.refusals == [sentence] && page.ttlMilliseconds == 0)
    }

    @Test func `a list that is none is the server's mistake`() {
        #expect(throws: ServerFault.broken("its list of tools is none")) { try ToolPage(["tools": [:]]) }
    }

    @Test(arguments: [
        (#"Bearer realm="x", resource_metadata="https://a.example/m""#, "https://a.example/m"),
        ("Bearer resource_metadata=https://a.example/m, x=y", "https://a.example/m"), ("Basic", nil),
    ])
    func `a challenge names the page about tokens`(_ header: String, _ url: String?) {
        #expect(TokenChallenge.metadataURL(header) == url)
    }

    @Test func `waits between starts double up to 30 s, and begin again after a long service`() {
        var backoff = Backoff()
        let waits = (0..<11).map { _ in backoff.wait(servedSeconds: nil) }
        #expect(waits.prefix(3) == [0.1, 0.2, 0.4] && waits.last == 30)
        #expect(backoff.wait(servedSeconds: 29) == 30)
        #expect(backoff.wait(servedSeconds: 30) == 0.1)
    }
}
