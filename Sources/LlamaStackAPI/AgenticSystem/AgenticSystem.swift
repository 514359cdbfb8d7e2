/// The endpoints of `agentic_system`. Where several providers serve it, the host finds the one that has the agent.
public enum AgenticSystem {
    /// Stores an agent under the caller's id and answers that id.
    public static let create = Endpoint<Nothing, AgenticSystemCreateRequest, AgenticSystemCreateResponse, Nothing>(
        .agenticSystem, "create", .post, "/agentic_system/create", routingKey: .creation(.field("uuid")),
        summary: "Create an agent.")

    /// Deletes an agent; its answer is empty.
    public static let delete = Endpoint<AgentQuery, Nothing, Nothing, Nothing>(
        .agenticSystem, "delete", .delete, "/agentic_system/delete", queryAliases: ["agent_uuid": "agent_id"],
        routingKey: .resource(.parameter("agent_id")), summary: "Delete an agent.")

    /// Runs one turn of an agent, as events when the request's `stream` is true.
    public static let execute = Endpoint<
        Nothing, AgenticSystemExecuteRequest, AgenticSystemExecuteResponse, AgenticSystemExecuteResponseStreamChunk
    >(
        .agenticSystem, "execute", .post, "/agentic_system/execute", streaming: .onRequest,
        routingKey: .resource(.field("agent_uuid")), bodyBytesMax: BodyLimits.turnBytesMax,
        summary: "Let an agent take a turn.")

    /// Answers the request that created an agent. Not in the draft.
    public static let get = Endpoint<AgentQuery, Nothing, AgenticSystemCreateRequest, Nothing>(
        .agenticSystem, "get", .get, "/agentic_system/get", queryAliases: ["agent_uuid": "agent_id"],
        routingKey: .resource(.parameter("agent_id")), isExtension: true,
        summary: "Look at an agent: the request that created it.")

    static let all = [create.description, delete.description, execute.description, get.description]
}
