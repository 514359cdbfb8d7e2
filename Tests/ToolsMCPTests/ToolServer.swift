import Foundation
import Host
import ProviderKit
import Synchronization

/// A distribution in this process whose tools are those of MCP servers.
final class ToolServer: Sendable {
    let stack: Stack
    /// The messages of the host's log.
    var log: [String] { logged.all.withLock { $0 } }

    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }
    private let logged: Lines

    /// - Parameter groups: by the server's name: the text of its `config`.
    init(_ groups: [(name: String, config: String)], isolation: String = "inline") async throws {
        let entries = groups.map { "  - {tool_group_id: \($0.name), provider_id: mcp, config: \($0.config)}\n" }
        let yaml = """
            version: 1
            providers:
              tools: [{provider_id: mcp, provider_type: remote::mcp, isolation: \(isolation)}]
            tool_groups:
            \(entries.joined())
            """
        let manifest = try Manifest.parse(
            Array(yaml.utf8), file: "mcp.yaml", directory: Self.fixtures, environment: [:])
        let logged = Lines()
        self.logged = logged
        stack = try await Stack.start(
            manifest, log: LogSink { line in logged.all.withLock { $0.append(line.message) } })
    }

    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/mcp").path

    /// The config of the scripted server, with these arguments of its own.
    static func scripted(_ arguments: String = "", more: String = "") -> String {
        let words = ["python3", "server.py"] + arguments.split(separator: " ").map(String.init)
        return "{command: [\(words.map { "\"\($0)\"" }.joined(separator: ", "))]\(more.isEmpty ? "" : ", " + more)}"
    }

    func list() async throws -> [ListedTool] {
        try Tools.list.decodeAnswer(try await call(Tools.list, Nothing()))
    }

    /// The list, when `isDone` holds of it: servers answer when they like.
    func list(when isDone: ([ListedTool]) -> Bool) async throws -> [ListedTool] {
        for _ in 0..<600 {
            let listed = try await list()
            if isDone(listed) { return listed }
            try await Task.sleep(for: .milliseconds(50))
        }
        return try await list()
    }

    /// When all of these can be called.
    func ready(_ names: String...) async throws {
        _ = try await list { listed in
            names.allSatisfy { name in listed.contains { $0.toolName == name && $0.isAvailable } }
        }
    }

    func invoke(_ name: String, _ arguments: JSONObject = [:]) async throws -> ToolResult {
        try Tools.invoke.decodeAnswer(
            try await call(Tools.invoke, ToolCall(toolName: name, arguments: arguments)))
    }

    /// The text of a result that is no error, or the error.
    func text(_ name: String, _ arguments: JSONObject = [:]) async -> String {
        do {
            let result = try await invoke(name, arguments)
            let text = result.content.all.map { if case .text(let text) = $0 { text } else { "" } }.joined()
            return result.isError ? "failed: \(text)" : text
        } catch { return (error as? ProviderError).map { "\($0.code.code): \($0.message)" } ?? "\(error)" }
    }

    private func call<Query, Body: WireValue, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ body: Body
    ) async throws -> [UInt8] {
        var request = CallRequest(method: endpoint.description.method)
        request.body = endpoint.encode(body: body)
        return try await stack.call(endpoint.description, request: request).collect()
    }

    func stop() async { await stack.shutdown(withinSeconds: 10) }
}
