import ProviderKit
import Testing

@testable import ToolsMCP

/// Servers that are processes, through the whole stack.
struct StdioTests {
    @Test(arguments: ["inline", "process"], ["legacy", "modern", "both"])
    func `a tool of a server is listed, and run`(_ isolation: String, _ era: String) async throws {
        let server = try await ToolServer(
            [("files", ToolServer.scripted("--era \(era)"))], isolation: isolation)
        try await server.ready("files_echo")
        let listed = try await server.list()
        #expect(listed.map(\.toolName) == ["files_echo", "files_misbehave"])
        #expect(listed.first?.parameters["properties"] == ["text": ["type": "string"]])
        #expect(await server.text("files_echo", ["text": "hello"]) == "hello")
        await server.stop()
    }
}
