import LlamaStackAPI

/// A provider of `agentic_system`. It runs no model, memory or tools of its own: it asks for them through the host.
public protocol AgenticSystemProvider: Provider {
    /// Stores an agent under the caller's `uuid` and answers the same id as `agentUUID`. The agent is its configuration
    /// only: turns are not stored.
    ///
    /// Throw `alreadyExists` when the id is in use, `notFound` when a memory bank of `memoryBankUUIDs` does not exist,
    /// and `invalidRequest` when `executableTools` names a tool that the provider cannot run. A cancelled call may have
    /// created the agent; ``get(_:_:)`` tells.
    func create(_ request: AgenticSystemCreateRequest, _ call: Call) async throws -> AgenticSystemCreateResponse
    /// Deletes an agent.
    ///
    /// Throw `notFound` when the agent does not exist; a second delete of the same agent is such a case. A cancelled
    /// call may have deleted it.
    func delete(_ agent: AgentQuery, _ call: Call) async throws
    /// The request that created the agent. It changes nothing.
    ///
    /// Throw `notFound` when the agent does not exist. The host also calls it to find out whether an id is in use,
    /// before it lets another provider create an agent with that id.
    func get(_ agent: AgentQuery, _ call: Call) async throws -> AgenticSystemCreateRequest
    /// Runs one turn and answers it whole, with its steps.
    ///
    /// Throw `notFound` when the agent does not exist. A tool that fails does not end the turn: the text of its error
    /// is the tool's result. A call to a tool that is not in `executableTools` ends the turn; the response message then
    /// carries the call for the client to run. When the call is cancelled, the calls that the turn made through `call`
    /// are cancelled too; let the `CancellationError` pass.
    func execute(_ request: AgenticSystemExecuteRequest, _ call: Call) async throws -> AgenticSystemExecuteResponse
    /// Runs one turn and sends what happens in it as events: the start of each step, its progress and its end.
    ///
    /// Errors are those of ``execute(_:_:)``. An error that is thrown after the first event ends the stream as an error
    /// event. When the call is cancelled or the reader leaves, `send` throws `CancellationError`: stop the turn and let
    /// it pass. Scores of retrieved documents and the whole turn have no event.
    func execute(
        _ request: AgenticSystemExecuteRequest, _ call: Call,
        streamingTo stream: EventStream<AgenticSystemExecuteResponseStreamChunk>
    ) async throws
}

extension AgenticSystemProvider {
    /// A conforming provider implements `agentic_system`.
    public static var api: API { .agenticSystem }

    /// The endpoints of ``AgenticSystem``, each with the method of this protocol that answers it.
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
