import ProviderKit

/// Agents on the APIs that the distribution serves: it owns no model, tool, shield or bank; each is asked through the
/// host on the caller's behalf.
final class AgentsProvider: AgenticSystemProvider {
    static let providerType = "inline::reference"
    static let version = "1.0.0"
    static let summary = "Runs agents: turns of inference, tools, shields and memory, on the APIs served beside it."

    static let needs: [API] = [.inference]
    static let wants: [API] = [.memoryBanks, .tools, .safety]
    static let resources: [ResourceKind]? = []
    static let options = Dictionary(
        uniqueKeysWithValues: ["create", "delete"].map { ($0, Set([IdempotencyKey.option])) })

    private let configuration: AgentsConfiguration
    private let store: AgentStore

    init(configuration: AgentsConfiguration, context: ProviderContext) async throws {
        guard let folder = context.statePath else {
            throw ProviderError(
                .invalidConfig,
                "\(Self.providerType) keeps its agents on disk: the distribution must name a 'state' folder")
        }
        self.configuration = configuration
        store = try await AgentStore(in: folder, configuration, log: context.log)
    }

    func shutdown() async { await store.close() }

    func create(_ request: AgenticSystemCreateRequest, _ call: Call) async throws -> AgenticSystemCreateResponse {
        if let answer = try await store.answer(before: request, call) { return answer }
        return try await store.add(AgentCreation(request, call).checked(), call)
    }

    func get(_ agent: AgentQuery, _ call: Call) async throws -> AgenticSystemCreateRequest {
        try await store.agent(agent.agentID, call, field: "agent_id").definition
    }

    func delete(_ agent: AgentQuery, _ call: Call) async throws {
        try await store.delete(agent.agentID, call)
    }

    func execute(_ request: AgenticSystemExecuteRequest, _ call: Call) async throws -> AgenticSystemExecuteResponse {
        AgenticSystemExecuteResponse(turn: try await turn(request, call, EventStream { _ in }))
    }

    func execute(
        _ request: AgenticSystemExecuteRequest, _ call: Call,
        streamingTo stream: EventStream<AgenticSystemExecuteResponseStreamChunk>
    ) async throws {
        _ = try await turn(request, call, stream)
    }

    private func turn(
        _ request: AgenticSystemExecuteRequest, _ call: Call,
        _ stream: EventStream<AgenticSystemExecuteResponseStreamChunk>
    ) async throws -> AgenticSystemTurn {
        let agent = try await store.agent(request.agentUUID, call, field: "agent_uuid")
        let turn = try Turn(agent, request, configuration, call, stream)
        let seconds = configuration.turnSecondsMax
        return try await withTimeLimit(
            .seconds(seconds),
            ProviderError(.providerTimeout, "the turn took longer than turn_seconds_max (\(seconds) s)")
        ) {
            var turn = turn
            return try await turn.run()
        }
    }
}

/// The module of `libprovider-agentic-system-reference.so` exports.
package func agentsReferenceModule() -> UnsafePointer<lsp_module>? { exportProviders(AgentsProvider.self) }
