import ProviderKit
import Testing

@testable import ToolsMCP

/// Servers at a URL, through the whole stack and its network.
struct HTTPTests {
    private static func with(
        _ arguments: [String], more: String = "", isolation: String = "inline",
        _ body: (ToolServer) async throws -> Void
    ) async throws {
        let server = try await HTTPServer(arguments)
        let stack = try await ToolServer([("web", "{url: \"\(server.url)\"\(more)}")], isolation: isolation)
        do { try await body(stack) } catch { Issue.record(error) }
        await stack.stop()
        await server.stop()
    }

    @Test(arguments: ["inline", "process"], [["--era", "modern"], ["--era", "legacy"]])
    func `a tool of a server at a URL is listed, and run`(_ isolation: String, _ era: [String]) async throws {
        for sse in [[], ["--sse"]] {
            try await Self.with(era + sse, isolation: isolation) { stack in
                try await stack.ready("web_echo")
                #expect(try await stack.list().map(\.toolName).contains("web_region"))
                #expect(await stack.text("web_echo", ["text": "hello"]) == "hello")
            }
        }
    }

    @Test func `a marked argument goes into its header, and a tool with a bad mark is left out`() async throws {
        try await Self.with(["--era", "modern"]) { stack in
            try await stack.ready("web_region")
            #expect(try await stack.list().map(\.toolName) == ["web_echo", "web_region"])
            #expect(await stack.text("web_region", ["region": "us-west1"]) == "")
            #expect(await stack.text("web_region", ["region": "Zürich"]) == "")
            #expect(await stack.text("web_region") == "")
            #expect(stack.log.contains { $0.contains("'bad' has the x-mcp-header 'Bad' on what is no string") })
        }
    }

    @Test(arguments: ["404", "400"])
    func `a session that is forgotten is opened anew, and the call is made once more`(_ status: String) async throws {
        try await Self.with(["--era", "legacy", "--expire", "2", "--gone", status]) { stack in
            try await stack.ready("web_echo")
            // The probe of the other era has cost none.
            #expect(await stack.text("web_echo", ["text": "sessions"]) == #"[1, ["session-1"]]"#)
            #expect(await stack.text("web_echo", ["text": "sessions"]) == #"[1, []]"#)
            #expect(await stack.text("web_echo", ["text": "sessions"]) == #"[2, ["session-2"]]"#)
        }
    }

    @Test func `a server that wants a token is unavailable, with who issues one, and answers with it`() async throws {
        try await Self.with(["--era", "legacy", "--token", "secret"]) { stack in
            let listed = try await stack.list { $0.first?.reason?.contains("401") ?? false }
            #expect(listed.map(\.toolName) == ["web"])
            #expect(
                listed.first?.reason
                    == "the MCP server 'web' is not available: it wants a token (401): it is issued by "
                    + "https://auth.example; put one into the tool group's config.headers.Authorization")
        }
        try await Self.with(
            ["--era", "legacy", "--token", "secret"], more: ", headers: {Authorization: Bearer secret}"
        ) { stack in
            try await stack.ready("web_echo")
            #expect(await stack.text("web_echo", ["text": "hello"]) == "hello")
            #expect(!stack.log.contains { $0.contains("Bearer secret") })
        }
    }

    @Test func `a redirect is not followed`() async throws {
        try await Self.with(["--era", "modern", "--redirect"]) { stack in
            let listed = try await stack.list { $0.first?.reason?.contains("redirects") ?? false }
            #expect(listed.first?.reason?.contains("to http://127.0.0.1:1/elsewhere, which is not followed") == true)
        }
    }

    @Test(arguments: ["modern", "legacy"])
    func `an answer that is none fails its call alone`(_ era: String) async throws {
        try await Self.with(["--era", era]) { stack in
            try await stack.ready("web_echo")
            for (how, sentence) in [
                ("broken", "upstream_error: the MCP server 'web' failed: its stream ended without the answer"),
                ("foreign", "upstream_error: the MCP server 'web' failed: its answer is not to the request"),
                ("long", "upstream_error: the MCP server 'web' failed: it sent a message of more than 4194304 bytes"),
            ] {
                let text = await stack.text("web_echo", ["text": .string(how)])
                #expect(text.hasPrefix(sentence), "\(text)")
                #expect(await stack.text("web_echo", ["text": "still"]) == "still")
            }
        }
    }

    @Test(arguments: ["modern", "legacy"])
    func `an answer that never ends fails its call in time`(_ era: String) async throws {
        try await Self.with(["--era", era], more: ", call_seconds_max: 10") { stack in
            try await stack.ready("web_echo")
            let text = await stack.text("web_echo", ["text": "endless"])
            let sentence = "provider_timeout: the MCP server 'web' failed: it did not answer tools/call within 10 s"
            #expect(text.hasPrefix(sentence), "\(text)")
            #expect(await stack.text("web_echo", ["text": "still"]) == "still")
        }
    }

    @Test func `an error without an id is the tool's failure`() async throws {
        try await Self.with(["--era", "modern"]) { stack in
            try await stack.ready("web_echo")
            #expect(
                await stack.text("web_echo", ["text": "null-id"])
                    == "failed: it is no good (error -32602 of the MCP server 'web')")
        }
    }

    @Test func `a server that is not there is unavailable, and its neighbour serves`() async throws {
        let stack = try await ToolServer([
            ("web", "{url: \"http://127.0.0.1:1/mcp\"}"), ("files", ToolServer.scripted()),
        ])
        try await stack.ready("files_echo")
        let listed = try await stack.list { $0.contains { $0.reason?.contains("no connection") ?? false } }
        #expect(listed.map(\.toolName) == ["files_echo", "files_misbehave", "web"])
        #expect(await stack.text("files_echo", ["text": "hello"]) == "hello")
        await stack.stop()
    }
}
