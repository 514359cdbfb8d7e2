import Foundation
import ProviderKit
import Testing

@testable import ToolsMCP

/// Servers that are processes, through the whole stack.
struct StdioTests {
    /// A stack with one scripted server, `files`.
    private static func with(
        _ arguments: String, more: String = "", isolation: String = "inline", until tools: String...,
        body: (ToolServer) async throws -> Void
    ) async throws {
        let server = try await ToolServer(
            [("files", ToolServer.scripted(arguments, more: more))], isolation: isolation)
        do {
            _ = try await server.list { listed in
                tools.allSatisfy { name in listed.contains { $0.toolName == name && $0.isAvailable } }
            }
            try await body(server)
        } catch { Issue.record(error) }
        await server.stop()
    }

    @Test(arguments: ["inline", "process"], ["legacy", "modern", "both"])
    func `a tool of a server is listed, and run`(_ isolation: String, _ era: String) async throws {
        try await Self.with("--era \(era)", isolation: isolation, until: "files_echo") { server in
            let listed = try await server.list()
            #expect(listed.map(\.toolName) == ["files_echo", "files_misbehave"])
            #expect(listed.first?.parameters["properties"] == ["text": ["type": "string"]])
            #expect(await server.text("files_echo", ["text": "hello"]) == "hello")
        }
    }

    @Test(arguments: ProtocolEra.legacyVersions)
    func `every revision of the sessions' era is spoken`(_ version: String) async throws {
        try await Self.with("--version \(version)", until: "files_echo") { server in
            #expect(await server.text("files_echo", ["text": .string(version)]) == version)
        }
    }

    @Test func `a server of another revision is unavailable, and says which it speaks`() async throws {
        try await Self.with("--version 2031-01-01") { server in
            let listed = try await server.list { $0.first?.reason?.contains("2031") ?? false }
            #expect(listed.map(\.toolName) == ["files"])
            #expect(listed.first?.reason?.contains("it speaks 2031-01-01 of the protocol") == true)
        }
    }

    @Test func `results carry text, structure, images and failures`() async throws {
        let tools = "fail,refuse,structured,image,misbehave"
        try await Self.with("--tools \(tools)", until: "files_fail") { server in
            #expect(await server.text("files_fail") == "failed: it failed")
            #expect(await server.text("files_refuse") == "failed: it broke (error -32603 of the MCP server 'files')")
            #expect(await server.text("files_structured") == #"{"result":5}"#)
            let image = try await server.invoke("files_image")
            #expect(image.files.map(\.name) == ["image-1.png"])
            #expect(image.files.first?.attachment.url.string.hasPrefix("data:image/png;base64,iVBOR") == true)
            #expect(
                image.content
                    == "a pixel\n[image that is left out: its data is no base64, or its mimeType is none]")
            #expect(
                await server.text("files_misbehave", ["how": "input_required"])
                    == "failed: The tool asks for input of a person or a model (input_required), which it can't have "
                    + "here.")
        }
    }

    @Test func `a process has the environment and the folder that the file names, and no more`() async throws {
        let config =
            "{command: [python3, mcp/server.py, --tools, \"environment,place\"], env: {WORD: spoken, LC_CTYPE: C}, cwd: ..}"
        let server = try await ToolServer([("files", config)])
        try await server.ready("files_place")
        let environment = await server.text("files_environment")
        #expect(environment.contains(#""WORD": "spoken""#))
        #expect(!environment.contains("HOME") && !environment.contains("LLAMA_STACK"), "\(environment)")
        #expect(await server.text("files_place").hasSuffix("/Tests/Fixtures"))
        await server.stop()
    }

    @Test func `a list of several pages is read whole, and one of too many tools is cut`() async throws {
        let names = (0..<300).map { "t\($0)" }.joined(separator: ",")
        try await Self.with("--tools \(names) --page 50", until: "files_t0") { server in
            let listed = try await server.list()
            #expect(listed.map(\.toolName) == (0..<256).map { "files_t\($0)" })
            #expect(server.log.contains { $0.contains("'t256' on are left out: toolsMax is 256") })
        }
    }

    @Test func `names are made of the characters that calls have, and two of one name are refused`() async throws {
        let server = try await ToolServer([
            ("a", ToolServer.scripted("--tools b_c,fs.read")), ("a_b", ToolServer.scripted("--tools c")),
        ])
        let listed = try await server.list { $0.contains { $0.toolName == "a_b_c" && $0.reason != nil } }
        #expect(listed.map(\.toolName) == ["a_b_c", "a_fs_read"])
        let sentence =
            "two tools have the name 'a_b_c': 'b_c' of the server 'a' and 'c' of 'a_b'; neither can be called"
        #expect(listed.first?.reason == sentence)
        #expect(await server.text("a_b_c") == "not_found: \(sentence)")
        #expect(await server.text("a_fs_read", ["text": "hello"]) == "hello")
        await server.stop()
    }

    @Test func `what a server asks is answered with an error, and a ping is answered`() async throws {
        try await Self.with("", until: "files_echo") { server in
            let text = await server.text("files_misbehave", ["how": "asks"])
            #expect(text.contains(#""code": -32601"#) && text.contains(#""id": "s2", "jsonrpc": "2.0", "result": {}"#))
        }
    }

    @Test func `a call that is left, or late, is cancelled at the server`() async throws {
        try await Self.with(
            "--tools slow,cancelled,echo", more: "call_seconds_max: 5", until: "files_slow"
        ) { server in
            var cancelled = "[]"
            // On a busy machine a call may be left before it was sent.
            for _ in 0..<20 where cancelled == "[]" {
                let left = Task { await server.text("files_slow", ["text": "1"]) }
                try await Task.sleep(for: .milliseconds(300))
                left.cancel()
                _ = await left.value
                cancelled = await server.text("files_cancelled")
            }
            #expect(cancelled != "[]")
            let count = cancelled.split(separator: ",").count
            #expect(await server.text("files_slow", ["text": "6"]).hasPrefix("provider_timeout: "))
            #expect(await server.text("files_cancelled").split(separator: ",").count == count + 1)
        }
    }

    @Test func `a server that says nothing is unavailable after the start's seconds, and asked in the older era too`()
        async throws
    {
        try await Self.with("--silent", more: "start_seconds_max: 0.5") { server in
            let listed = try await server.list { $0.first?.reason?.contains("initialize") ?? false }
            #expect(
                listed.first?.reason
                    == "the MCP server 'files' is not available: it did not answer initialize within 0.5 s "
                    + "(start_seconds_max)")
            #expect(
                await server.text("files_echo")
                    == "not_found: there is no tool 'files_echo': " + (listed.first?.reason ?? ""))
        }
    }

    @Test func `a server that stays when it is asked to end is killed`() async throws {
        let mark = UUID().uuidString
        try await Self.with("--deaf", more: "env: {MCP_MARK: \"\(mark)\"}", until: "files_echo") { _ in
            #expect(!ToolServer.processes(marked: mark).isEmpty)
        }
        #expect(ToolServer.processes(marked: mark) == [])
    }

    @Test func `a server that writes to its standard error without end costs few lines of the log`() async throws {
        try await Self.with("", until: "files_echo") { server in
            #expect(await server.text("files_misbehave", ["how": "stderr_flood"]) == "said much")
            #expect(server.log.count { $0.hasPrefix("noise") } <= ServerLog.linesMax)
        }
    }

    @Test func `the server that ships with the project keeps notes and finds them`() async throws {
        let server = try await ToolServer([
            ("notes", "{command: [python3, ../../../Distributions/tools/notes.py]}")
        ])
        try await server.ready("notes_add", "notes_find")
        #expect(await server.text("notes_add", ["note": "The door code is 4711."]) == "Kept: 1 in all.")
        #expect(await server.text("notes_find", ["word": "DOOR"]) == "The door code is 4711.")
        #expect(await server.text("notes_find", ["word": "key"]) == "There is no such note.")
        #expect(await server.text("notes_add") == "failed: It failed: KeyError('note')")
        await server.stop()
    }

    @Test(arguments: [
        ("{}", "must have a 'command' or a 'url'"),
        ("{command: [python3], url: \"http://127.0.0.1:1/\"}", "'url' must not stand beside a 'command'"),
        ("{command: [no-such-program]}", "'command' names the program 'no-such-program', which is not in /"),
        ("{command: [./nothing.py]}", "'command' names a program that is not there: /"),
        ("{command: [python3], cwd: nowhere}", "'cwd' names a folder that is not there: /"),
        ("{command: [python3], cmd: 1}", "unknown key 'cmd'"),
        ("{command: python3}", "'command' must be an array"),
        ("{url: no-url}", "'url' must be a URL like"),
        ("{url: \"http://127.0.0.1:1/\", headers: {Mcp-Session-Id: x}}", "'headers' can't have the header"),
        ("{command: [python3], headers: {A: b}}", "'headers' is for a server with a 'url'"),
    ])
    func `a mistake in a server's config is an error at its line`(_ config: String, _ sentence: String) async {
        do {
            let server = try await ToolServer([("files", config)])
            await server.stop()
            Issue.record("it started")
        } catch {
            #expect("\(error)".contains("config of tool group 'files': \(sentence)"), "\(error)")
            #expect("\(error)".contains("mcp.yaml:9:"), "\(error)")
        }
    }
}
