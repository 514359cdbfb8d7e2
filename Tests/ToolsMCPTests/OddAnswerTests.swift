import ProviderKit
import Testing

@testable import ToolsMCP

/// Answers that are nearly right, or wrong in a way that a parser or a client may take badly: what the turn of an agent
/// gets of each, and that the server and its neighbour go on.
struct OddAnswerTests {
    private static let late = "it did not answer tools/call within 3 s (call_seconds_max)"

    /// The tool's word for what it does, and how the result begins.
    static let lines: [(how: String, result: String)] = [
        ("byte_order_mark", "behind a mark"),
        ("carriage_return", "before a return"),
        ("null_error", "beside no error"),
        ("result_and_error", "both (error -32000 of the MCP server 'bad')"),
        ("late_answer", "the right one"),
        ("text_id", failed(late + "; it wrote 1 answer to what was not asked")),
        ("not_a_number", failed(late + "; it wrote 1 line that is no message")),
        ("deep", failed(late + "; it wrote 1 line that is no message")),
        ("broken_text", failed(late + "; it wrote 1 line that is no message")),
        ("no_content", "The tool's server answered without content."),
        ("text_content", "The tool's server answered with a content that is no list of blocks."),
        ("odd_blocks", "[a block of the type none is left out]\n[a block of the type 7 is left out]"),
        ("questions", "after the questions"),
    ]

    private static func failed(_ sentence: String) -> String {
        "The tool 'bad_misbehave' could not be reached: the MCP server 'bad' failed: " + sentence
    }

    @Test(arguments: lines)
    func `an odd line of a process costs at most its own call`(_ kind: (how: String, result: String)) async throws {
        // Where nothing comes, the limit is waited for; where something does, it is long enough for a loaded machine.
        let more = "call_seconds_max: \(kind.result.contains("did not answer") ? 3 : 60)"
        let server = try await ToolServer([
            ("bad", ToolServer.scripted(more: more)), ("good", ToolServer.scripted()),
        ])
        try await server.ready("bad_misbehave", "good_echo")
        let turn = try await server.turn([
            ToolCall(toolName: "bad_misbehave", arguments: ["how": .string(kind.how)]),
            ToolCall(toolName: "bad_echo", arguments: ["text": "still"]),
            ToolCall(toolName: "good_echo", arguments: ["text": "on"]),
        ])
        #expect(turn.results.first?.hasPrefix(kind.result) == true, "\(turn)")
        #expect(turn.results.dropFirst() == ["still", "on"], "\(turn)")
        await server.stop()
    }

    static let answers: [(how: String, result: String)] = [
        ("mark", "behind a mark"),
        ("huge-event", "it sent a message of more than 4194304 bytes (messageBytesMax)"),
        ("huge-comment", "it sent a message of more than 4194304 bytes (messageBytesMax)"),
        ("huge-header", "the MCP server 'web' failed: "),
        ("bomb", "its answer is no message of JSON-RPC"),
        ("elsewhere", "it redirects to http://169.254.169.254/latest/meta-data/, which is not followed"),
        ("page", "its answer is no message of JSON-RPC"),
        ("empty", "its answer is no message of JSON-RPC"),
        ("accepted", "it answered with the HTTP status 202"),
        ("stalls", late),
        ("stalls-in-events", late),
        ("short", "the MCP server 'web' failed: "),
    ]

    @Test(arguments: answers)
    func `an odd answer of a URL costs at most its own call`(_ kind: (how: String, result: String)) async throws {
        let web = try await HTTPServer(["--era", "modern"])
        let seconds = kind.result == Self.late ? 3 : 60
        let server = try await ToolServer([
            ("web", "{url: \"\(web.url)\", call_seconds_max: \(seconds)}"), ("good", ToolServer.scripted()),
        ])
        try await server.ready("web_echo", "good_echo")
        let turn = try await server.turn([
            ToolCall(toolName: "web_echo", arguments: ["text": .string(kind.how)]),
            ToolCall(toolName: "good_echo", arguments: ["text": "on"]),
        ])
        #expect(turn.results.first?.contains(kind.result) == true, "\(turn)")
        #expect(turn.results.last == "on", "\(turn)")
        // A connection that was lost is opened anew.
        try await server.ready("web_echo")
        #expect(await server.text("web_echo", ["text": "still"]) == "still")
        await server.stop()
        await web.stop()
    }

    @Test(arguments: [
        ("--endless-pages", "left out: pages behind the first 64 of the list (pagesMax)"),
        ("--same-cursor", "left out: pages behind the cursor 'again', which a page names that it led to"),
    ])
    func `a list that has no end is cut, and the log says so`(_ option: String, _ sentence: String) async throws {
        let server = try await ToolServer([("bad", ToolServer.scripted(option))])
        try await server.ready("bad_echo")
        #expect(await server.text("bad_echo", ["text": "hello"]) == "hello")
        #expect(server.log.contains { $0.contains(sentence) }, "\(server.log)")
        await server.stop()
    }

    @Test func `a tool whose name no call can have is left out, and the log says so`() async throws {
        let server = try await ToolServer([("bad", ToolServer.scripted("--long-name"))])
        try await server.ready("bad_echo")
        #expect(try await server.list().map(\.toolName) == ["bad_echo", "bad_misbehave"])
        let sentence = "left out: the tool 'xxx"
        #expect(server.log.contains { $0.hasPrefix(sentence) && $0.utf8.count < 300 }, "\(server.log)")
        await server.stop()
    }

    @Test func `who issues a token is not asked where the server may not lead`() async throws {
        let elsewhere = try await HTTPServer(["--era", "modern"])
        let page = elsewhere.url.replacing("/mcp", with: "/metadata")
        let web = try await HTTPServer(["--era", "modern", "--token", "secret", "--metadata", page])
        let server = try await ToolServer([("web", "{url: \"\(web.url)\"}")])
        let listed = try await server.list { $0.first?.reason?.contains("401") ?? false }
        #expect(listed.first?.reason?.contains("\(page) says who issues it") == true, "\(listed)")
        await server.stop()
        await web.stop()
        await elsewhere.stop()
    }
}
