import Foundation
import ProviderKit
import Testing

/// Servers made with the reference implementation, one version for each era of the protocol, over both transports, in
/// an agent's turn. `Scripts/fetch-mcp.sh` fetches them.
struct RealServerTests {
    private static let root = URL(fileURLWithPath: ToolServer.fixtures).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    private static let versions = ["2.3.0", "1.30.0"]
    private static let areThere = versions.allSatisfy { FileManager.default.isExecutableFile(atPath: python($0)) }

    private static func python(_ version: String) -> String { "\(root)/.build/mcp/\(version)/python" }

    /// The revision that the server is found to speak.
    private static func revision(_ version: String) -> String { version == "2.3.0" ? "2026-07-28" : "2025-11-25" }

    @Test(.enabled(if: areThere, "Scripts/fetch-mcp.sh has not been run"), arguments: versions, ["stdio", "http"])
    func `a server that others wrote serves an agent's turn`(_ version: String, _ transport: String) async throws {
        let program = ToolServer.fixtures + "/real_server.py"
        var web: HTTPServer?
        var config = "{command: [\"\(Self.python(version))\", \"\(program)\"], start_seconds_max: 60}"
        if transport == "http" {
            let server = try await HTTPServer(command: [Self.python(version), program, "--http"])
            config = "{url: \"\(server.url)\", start_seconds_max: 60}"
            web = server
        }
        let server = try await ToolServer([("real", config)])
        try await server.ready("real_add", "real_picture", "real_boom")
        let turn = try await server.turn([
            ToolCall(toolName: "real_add", arguments: ["a": 2, "b": 3]),
            ToolCall(toolName: "real_boom", arguments: [:]),
            ToolCall(toolName: "real_picture", arguments: [:]),
        ])
        #expect(turn.results.first == #"{"result":5}"#)
        #expect(turn.results.dropFirst().first?.contains("Error executing tool boom") == true)
        #expect(turn.reply.contains("data:image/png;base64,iVBORw0KGgo"), "\(turn.reply)")
        #expect(
            server.log.contains { $0.hasPrefix("the server answers: revision \(Self.revision(version)), 3 tools") })
        await server.stop()
        await web?.stop()
    }
}
