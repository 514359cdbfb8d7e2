import LlamaStackAPI

/// Typed calls to `agentic_system` of another provider. Every method throws as ``HostCaller/answer(_:_:_:options:)``
/// does.
public struct AgenticSystemClient: Sendable {
    /// For calls with options, or of an endpoint that has no method here.
    public let caller: HostCaller

    /// Creates an agent. Throws `alreadyExists` when its id is in use.
    public func create(_ request: AgenticSystemCreateRequest) async throws -> AgenticSystemCreateResponse {
        try await caller.answer(AgenticSystem.create, Nothing(), request)
    }

    /// Deletes an agent. Throws `notFound` when it does not exist.
    public func delete(_ agent: AgentQuery) async throws {
        _ = try await caller.answer(AgenticSystem.delete, agent, Nothing())
    }

    /// The request that created the agent. Throws `notFound` when it does not exist.
    public func get(_ agent: AgentQuery) async throws -> AgenticSystemCreateRequest {
        try await caller.answer(AgenticSystem.get, agent, Nothing())
    }

    /// Runs one turn and waits for all of it, whatever the request's `stream` says. Throws `notFound` when the agent
    /// does not exist.
    public func execute(_ request: AgenticSystemExecuteRequest) async throws -> AgenticSystemExecuteResponse {
        var request = request
        request.stream = false
        return try await caller.answer(AgenticSystem.execute, Nothing(), request)
    }

    /// Runs one turn as a stream, whatever the request's `stream` says. Leaving the loop cancels the turn; errors,
    /// `notFound` among them, come out of the loop.
    public func executeEvents(
        _ request: AgenticSystemExecuteRequest
    ) throws -> AnswerEvents<AgenticSystemExecuteResponseStreamChunk> {
        var request = request
        request.stream = true
        return try caller.events(AgenticSystem.execute, Nothing(), request)
    }
}
