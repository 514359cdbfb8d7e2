import Foundation
import ProviderKit
import Testing

@testable import ToolsMCP

/// Servers that do what no server should: the turn of an agent gets a result that says so, the other server goes on,
/// and no process is left. `MCP_ROUNDS` says how often (`make torture-mcp`: 50 times each, with a line for
/// each kind).
@Suite(.serialized)
struct MisbehaviourTests {
    private static let rounds = ProcessInfo.processInfo.environment["MCP_ROUNDS"].flatMap { Int($0) } ?? 1

    /// The beginning of the turn's result, and of the next call's to the same server, once it can be called again.
    static let kinds: [(how: String, result: String, next: String)] = [
        ("crash", reached("its process ended by SIGSEGV; its last line was: about to crash"), "still"),
        ("hang", reached("it did not answer tools/call within 1 s (call_seconds_max)"), "busy"),
        ("long_line", reached("it wrote a message of more than 4194304 bytes (messageBytesMax)"), "still"),
        ("no_newline", reached("its process exited with 0 in the middle of a message"), "still"),
        (
            "malformed",
            reached("it did not answer tools/call within 10 s (call_seconds_max); it wrote 1 line that is no message"),
            "still"
        ),
        ("wrong_id", reached("it did not answer tools/call within 10 s (call_seconds_max)"), "still"),
        ("twice", "once", "still"),
        ("notifications", "after the burst", "still"),
        ("grandchildren", reached("its process exited with 3"), "still"),
        ("changed", "changed", "still"),
        ("renamed", "renamed", "gone"),
        ("duplicates", "duplicates", "refused"),
    ]

    private static func reached(_ sentence: String) -> String {
        "The tool 'bad_misbehave' could not be reached: the MCP server 'bad' failed: " + sentence
    }

    @Test(arguments: kinds)
    func `a server that misbehaves costs the turn one result, and leaves no process`(
        _ kind: (how: String, result: String, next: String)
    ) async throws {
        try await Self.repeated(kind.how) { try await Self.run(kind) }
    }

    /// Runs the rounds, three at a time; each answers how many processes it left.
    private static func repeated(_ how: String, _ round: @escaping @Sendable () async throws -> Int) async throws {
        let left = try await withThrowingTaskGroup(of: Int.self) { group in
            var left = 0
            for index in 0..<rounds {
                if index >= 3 { left += try await group.next() ?? 0 }
                group.addTask { try await round() }
            }
            return try await group.reduce(left, +)
        }
        #expect(left == 0, "\(how)")
        if rounds > 1 { print("\(how): \(rounds) turns got their result, \(left) processes are left") }
    }

    private static func run(_ kind: (how: String, result: String, next: String)) async throws -> Int {
        let mark = UUID().uuidString
        // Where nothing comes, the limit is waited for; it is longer where the next call must be answered. Where
        // something comes, it is long enough for a loaded machine.
        let seconds = !kind.result.contains("did not answer") ? 60 : kind.next == "busy" ? 1 : 10
        let more = "env: {MCP_MARK: \"\(mark)\"}, call_seconds_max: "
        let server = try await ToolServer([
            ("bad", ToolServer.scripted(more: more + "\(seconds)")), ("good", ToolServer.scripted(more: more + "60")),
        ])
        try await server.ready("bad_echo", "good_echo")
        let good = ToolCall(toolName: "good_echo", arguments: ["text": "on"])
        let turn = try await server.turn([
            good, ToolCall(toolName: "bad_misbehave", arguments: ["how": .string(kind.how)]), good,
        ])
        #expect(turn.results.count == 3 && turn.results.first == "on" && turn.results.last == "on", "\(turn)")
        #expect(turn.results.dropFirst().first?.hasPrefix(kind.result) == true, "\(kind.how): \(turn.results)")
        #expect(turn.reply.contains("the end"))
        try await next(kind, server)
        await server.stop()
        return ToolServer.processes(marked: mark).count
    }

    private static func next(_ kind: (how: String, result: String, next: String), _ server: ToolServer) async throws {
        let echo: JSONObject = ["text": "still"]
        switch kind.next {
        case "busy":
            #expect(await server.text("bad_echo", echo).hasPrefix("provider_timeout: the MCP server 'bad' failed"))
        case "gone":
            let listed = try await server.list { $0.contains { $0.toolName == "bad_renamed" } }
            #expect(!listed.contains { $0.toolName == "bad_echo" })
            #expect(await server.text("bad_echo", echo) == "not_found: there is no tool 'bad_echo'")
        case "refused":
            let listed = try await server.list { $0.contains { $0.toolName == "bad_echo" && !$0.isAvailable } }
            let sentence =
                "two tools have the name 'bad_echo': 'echo' of the server 'bad' and 'echo' of 'bad'; neither can be called"
            #expect(listed.first { $0.toolName == "bad_echo" }?.reason == sentence)
            #expect(await server.text("bad_echo", echo) == "not_found: \(sentence)")
        default:
            try await server.ready("bad_echo")
            #expect(await server.text("bad_echo", echo) == "still", "\(kind.how)")
        }
    }

    @Test func `a tool that has changed is not run for an agent that was made with it`() async throws {
        let server = try await ToolServer([("bad", ToolServer.scripted())])
        try await server.ready("bad_echo")
        let turn = try await server.turn([
            ToolCall(toolName: "bad_misbehave", arguments: ["how": "changed"]),
            ToolCall(toolName: "bad_echo", arguments: ["text": "hello"]),
        ])
        #expect(turn.results.last?.contains("has changed since the agent was created") == true, "\(turn)")
        await server.stop()
    }

    @Test func `a stream that never ends costs the turn one result`() async throws {
        try await Self.repeated("endless stream") {
            let mark = UUID().uuidString
            let web = try await HTTPServer(["--era", "modern"])
            let server = try await ToolServer([
                ("web", "{url: \"\(web.url)\", call_seconds_max: 10}"),
                ("good", ToolServer.scripted(more: "env: {MCP_MARK: \"\(mark)\"}")),
            ])
            try await server.ready("web_echo", "good_echo")
            let good = ToolCall(toolName: "good_echo", arguments: ["text": "on"])
            let turn = try await server.turn([
                ToolCall(toolName: "web_echo", arguments: ["text": "endless"]), good,
                ToolCall(toolName: "web_echo", arguments: ["text": "on"]),
            ])
            #expect(
                turn.results.first
                    == "The tool 'web_echo' could not be reached: the MCP server 'web' failed: it did not answer "
                    + "tools/call within 10 s (call_seconds_max).")
            #expect(turn.results.dropFirst() == ["on", "on"])
            await server.stop()
            await web.stop()
            return ToolServer.processes(marked: mark).count
        }
    }
}
