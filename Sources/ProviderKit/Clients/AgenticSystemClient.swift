import LlamaStackAPI

/// `agentic_system`, as another provider calls it.
public struct AgenticSystemClient: Sendable {
    public let caller: HostCaller

    public func create(_ request: AgenticSystemCreateRequest) async throws -> AgenticSystemCreateResponse {
        try await caller.answer(AgenticSystem.create, Nothing(), request)
    }

    public func delete(_ agent: AgentQuery) async throws {
        _ = try await caller.answer(AgenticSystem.delete, agent, Nothing())
    }

    public func get(_ agent: AgentQuery) async throws -> AgenticSystemCreateRequest {
        try await caller.answer(AgenticSystem.get, agent, Nothing())
    }

    public func execute(_ request: AgenticSystemExecuteRequest) async throws -> AgenticSystemExecuteResponse {
        var request = request
        request.stream = false
        return try await caller.answer(AgenticSystem.execute, Nothing(), request)
    }

    public func executeEvents(
        _ request: AgenticSystemExecuteRequest
    ) throws -> AnswerEvents<AgenticSystemExecuteResponseStreamChunk> {
        var request = request
        request.stream = true
        return try caller.events(AgenticSystem.execute, Nothing(), request)
    }
}
