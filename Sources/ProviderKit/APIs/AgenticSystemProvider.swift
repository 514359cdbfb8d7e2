import LlamaStackAPI

/// A provider of `agentic_system`. It runs no model, memory or tools of its own: it asks for them through the host.
public protocol AgenticSystemProvider: Provider {
    func create(_ request: AgenticSystemCreateRequest, _ call: Call) async throws -> AgenticSystemCreateResponse
    func delete(_ agent: AgentQuery, _ call: Call) async throws
    /// The request that created the agent; `notFound` where there is none. The host asks so, before it lets another
    /// provider make an agent of that id.
    func get(_ agent: AgentQuery, _ call: Call) async throws -> AgenticSystemCreateRequest
    func execute(_ request: AgenticSystemExecuteRequest, _ call: Call) async throws -> AgenticSystemExecuteResponse
    func execute(
        _ request: AgenticSystemExecuteRequest, _ call: Call,
        streamingTo stream: EventStream<AgenticSystemExecuteResponseStreamChunk>
    ) async throws
}

extension AgenticSystemProvider {
    public static var api: API { .agenticSystem }

    public static var methods: [Method<Self>] {
        [
            Method(AgenticSystem.create) { try await $0.create($2, $3) },
            Method(AgenticSystem.delete) { provider, agent, _, call in try await provider.delete(agent, call) },
            Method(AgenticSystem.get) { provider, agent, _, call in try await provider.get(agent, call) },
            Method(
                AgenticSystem.execute, { try await $0.execute($2, $3) }, when: \.stream,
                { try await $0.execute($2, $3, streamingTo: $4) }),
        ]
    }
}
