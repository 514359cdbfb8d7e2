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
    private let state: String
    /// As the file has them.
    let groups: Groups

    final class Groups: Sendable {
        private let kept: Mutex<[(name: String, config: String)]>
        var all: [(name: String, config: String)] { kept.withLock { $0 } }

        init(_ groups: [(name: String, config: String)]) { kept = Mutex(groups) }

        func set(_ groups: [(name: String, config: String)]) { kept.withLock { $0 = groups } }
    }

    /// - Parameter groups: by the server's name: the text of its `config`.
    init(_ groups: [(name: String, config: String)], isolation: String = "inline") async throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let library = URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/libscripted-provider.so"
        state = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/mcp-" + UUID().uuidString
        let state = state
        let file = Groups(groups)
        self.groups = file
        let source: Stack.Source = {
            let entries = file.all.map {
                "  - {tool_group_id: \($0.name), provider_id: mcp, config: \($0.config)}\n"
            }
            let yaml = """
                version: 1
                state: \(state)
                providers:
                  inference: [{provider_id: scripted, provider_type: inline::scripted, library: \(library)}]
                  agentic_system: [{provider_id: agents, provider_type: inline::reference}]
                  tools: [{provider_id: mcp, provider_type: remote::mcp, isolation: \(isolation)}]
                models: [{model_id: scripted, provider_id: scripted}]
                tool_groups:
                \(entries.joined())
                """
            return Result { () throws(StartFailure) in
                try Manifest.parse(
                    Array(yaml.utf8), file: "mcp.yaml", directory: Self.fixtures, environment: [:])
            }
        }
        let logged = Lines()
        self.logged = logged
        stack = try await Stack.start(
            try source().get(), log: LogSink { line in logged.all.withLock { $0.append(line.message) } },
            source: source)
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

    func call<Query, Body: WireValue, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ body: Body
    ) async throws -> [UInt8] {
        var request = CallRequest(method: endpoint.description.method)
        request.body = endpoint.encode(body: body)
        return try await stack.call(endpoint.description, request: request).collect()
    }

    /// The results that a turn of an agent gets, whose model makes these calls one after the other; and its last words.
    func turn(_ calls: [ToolCall]) async throws -> (results: [String], reply: String) {
        let rounds = calls.map { JSON.object(["calls": [$0.json]]) }
        let names = Set(calls.map(\.toolName))
        let agent = UUID().uuidString
        let creation = AgenticSystemCreateRequest(
            uuid: agent, instructions: JSON.object(["rounds": .array(rounds)]).text, model: "scripted",
            availableTools: names.sorted().map { ToolDefinition(toolName: ToolName($0)) }, executableTools: names)
        _ = try await call(AgenticSystem.create, creation)
        let execution = AgenticSystemExecuteRequest(
            agentUUID: agent, messages: [Message(role: .user, content: "go on")])
        let turn = try AgenticSystem.execute.decodeAnswer(try await call(AgenticSystem.execute, execution)).turn
        let results = turn.steps.flatMap { step -> [String] in
            guard case .toolExecution(let step) = step else { return [] }
            return step.toolResponses.map { response in
                response.content.all.map { if case .text(let text) = $0 { text } else { "" } }.joined()
            }
        }
        return (results, turn.responseMessage.content.json.text)
    }

    func stop() async {
        await stack.shutdown(withinSeconds: 10)
        try? FileManager.default.removeItem(atPath: state)
    }

    /// The processes that have this value in their environment: a server's, and what it has started.
    static func processes(marked mark: String) -> [String] {
        let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return pids.filter { pid in
            guard Int(pid) != nil, let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ")
            else { return false }
            return String(decoding: environment, as: UTF8.self).contains(mark)
        }
    }
}
