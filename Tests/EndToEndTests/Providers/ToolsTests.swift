import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// `tools` and `safety` over HTTP: the providers that are built, and one in C.
    @Suite struct ToolsTests {
        private static let yaml = """
            version: 1
            providers:
              tools:
                - {provider_id: builtin, provider_type: inline::builtin}
                - {provider_id: c, provider_type: inline::example-c, isolation: process}
              safety:
                - {provider_id: patterns, provider_type: inline::patterns}
            tool_groups:
              - {tool_group_id: math, provider_id: builtin}
            shields:
              - {shield_id: patterns, provider_id: patterns}
            """

        @Test("a tool of an MCP server is called over HTTP")
        func contextProtocol() throws {
            let folder = try TemporaryFolder()
            let yaml = """
                version: 1
                providers:
                  tools: [{provider_id: mcp, provider_type: remote::mcp}]
                tool_groups:
                  - tool_group_id: notes
                    provider_id: mcp
                    config: {command: [python3, \(Setting.root)/Distributions/tools/notes.py]}
                """
            try Server.run(file: try folder.write(yaml, "dist.yaml")) { server in
                let end = ContinuousClock.now + .seconds(60)
                while !(try server.client.get("/tools/list")).text.contains("notes_find"), .now < end {
                    Thread.sleep(forTimeInterval: 0.1)
                }
                let added = try server.post(
                    "/tools/invoke", ["tool_name": "notes_add", "arguments": ["note": "The code is 4711."]])
                #expect(added.json["content"] == "Kept: 1 in all.")
                let found = try server.post(
                    "/tools/invoke", ["tool_name": "notes_find", "arguments": ["word": "code"]])
                #expect(found.json == ["content": "The code is 4711.", "is_error": false, "files": []])
            }
        }

        @Test("tools are listed and run by the provider that has them, and a shield blocks and redacts")
        func toolsAndShields() throws {
            let folder = try TemporaryFolder()
            try Server.run(file: try folder.write(Self.yaml, "dist.yaml")) { server in
                let list = try server.client.get("/tools/list")
                let names = String(decoding: list.body, as: UTF8.self).split(separator: "\n").compactMap {
                    (try? JSON(parsing: String($0)))?["tool_name"]?.stringValue
                }
                #expect(names == ["math", "count_words"])
                let sum = try server.post("/tools/invoke", ["tool_name": "math", "arguments": ["query": "2^10 + 1"]])
                #expect(sum.json == ["content": "1025", "is_error": false, "files": []])
                let count = try server.post(
                    "/tools/invoke", ["tool_name": "count_words", "arguments": ["text": "one two  three"]])
                #expect(count.json["content"] == "3 words")
                let none = try server.post("/tools/invoke", ["tool_name": "none", "arguments": [:]])
                #expect(none.status == 404 && none.json["detail"]?["field"] == "tool_name")
                let card: JSON = [["role": "user", "content": "4111-1111-1111-1111"]]
                let blocked = try server.post("/safety/run_shield", ["shield_type": "patterns", "messages": card])
                #expect(blocked.json["violation"]?["violation_type"] == "card")
                let redacted = try server.post(
                    "/safety/run_shield",
                    ["shield_type": "patterns", "params": ["action": "redact"], "messages": card])
                #expect(redacted.json["messages"]?.items.first?["content"] == "[card]")
                let unknown = try server.post("/safety/run_shield", ["shield_type": "llama_guard", "messages": card])
                #expect(unknown.status == 404 && unknown.json["detail"]?["field"] == "shield_type")
            }
        }
    }
}
