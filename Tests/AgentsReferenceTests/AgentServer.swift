import Foundation
import Host
import ProviderKit
import Synchronization

/// A distribution with agents over scripted providers of every API that they use, in this process.
///
/// The scripted model says what the agent's instructions tell it to; the tools are `say` and `fail`; the shield
/// `llama_guard` objects to "bad" and replaces "secret".
final class AgentServer: Sendable {
    private let running: Mutex<Stack>
    private let manifest: Manifest
    var stack: Stack { running.withLock { $0 } }
    /// The dialogs that the model was given.
    let prompts: Prompts

    final class Prompts: Sendable {
        private let kept = Mutex<[ChatCompletionRequest]>([])
        var all: [ChatCompletionRequest] { kept.withLock { $0 } }
        var last: [Message] { all.last.map { $0.dialog.messageHistory + [$0.dialog.message] } ?? [] }

        var sink: LogSink {
            LogSink { [self] line in
                guard line.message == "received", line.fields["method"] == "chat_completion",
                    let json = try? JSON(parsing: Array((line.fields["body"] ?? "").utf8)),
                    let request = try? ChatCompletionRequest(json: json, at: .root)
                else { return }
                kept.withLock { $0.append(request) }
            }
        }
    }

    init(state: String, config: String) async throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let library = URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/libscripted-provider.so"
        let scripted = ["inference", "memory_banks", "tools", "safety"].map { api in
            "  \(api):\n    - {provider_id: scripted, provider_type: inline::scripted, library: \(library)}\n"
        }
        let yaml = """
            version: 1
            name: agents
            state: \(state)
            providers:
            \(scripted.joined())
              agentic_system:
                - {provider_id: agents, provider_type: inline::reference, config: \(config)}
            models: [{model_id: scripted, provider_id: scripted}]
            tool_groups: [{tool_group_id: tools, provider_id: scripted}]
            shields: [{shield_id: llama_guard, provider_id: scripted}]
            """
        manifest = try Manifest.parse(Array(yaml.utf8), file: "agents.yaml", directory: "/", environment: [:])
        prompts = Prompts()
        running = Mutex(try await Stack.start(manifest, log: prompts.sink))
    }

    /// Stops everything, and starts it again on the same state.
    func restart() async throws {
        await stack.shutdown(withinSeconds: 10)
        let next = try await Stack.start(manifest, log: prompts.sink)
        running.withLock { $0 = next }
    }

    func request<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body, principal: String = "",
        key: String? = nil
    ) -> CallRequest {
        var request = CallRequest(method: endpoint.description.method)
        request.parameters = endpoint.encode(query: query)
        request.body = endpoint.encode(body: body)
        request.principal = principal
        if let key { request.options = [IdempotencyKey.option: .string(key)] }
        return request
    }

    func create(_ request: AgenticSystemCreateRequest, principal: String = "", key: String? = nil) async throws {
        let call = self.request(AgenticSystem.create, Nothing(), request, principal: principal, key: key)
        _ = try await stack.call(AgenticSystem.create.description, request: call).collect()
    }

    /// The turn, without events.
    func execute(_ request: AgenticSystemExecuteRequest, principal: String = "") async throws -> AgenticSystemTurn {
        var request = request
        request.stream = false
        let call = self.request(AgenticSystem.execute, Nothing(), request, principal: principal)
        let bytes = try await stack.call(AgenticSystem.execute.description, request: call).collect()
        return try AgenticSystem.execute.decodeAnswer(bytes).turn
    }

    /// The events, and the error that they ended with.
    func events(
        _ request: AgenticSystemExecuteRequest
    ) async throws -> (events: [AgenticSystemExecuteResponseStreamChunk], error: CallError?) {
        var request = request
        request.stream = true
        let call = self.request(AgenticSystem.execute, Nothing(), request)
        var events: [AgenticSystemExecuteResponseStreamChunk] = []
        do {
            for try await part in try stack.call(AgenticSystem.execute.description, request: call) {
                events.append(try AgenticSystem.execute.decodeEvent(part.bytes))
            }
        } catch let error as CallError {
            return (events, error)
        }
        return (events, nil)
    }
}

/// - Parameter config: of the agents' provider.
func withAgents<Result>(
    config: String = "{}", _ body: (AgentServer) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/agents-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await AgentServer(state: folder, config: config)
    do {
        let result = try await body(server)
        await server.stack.shutdown(withinSeconds: 10)
        return result
    } catch {
        await server.stack.shutdown(withinSeconds: 10)
        throw error
    }
}
