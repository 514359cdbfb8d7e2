public enum AgenticSystem {
    public static let create = Endpoint<Nothing, AgenticSystemCreateRequest, AgenticSystemCreateResponse, Nothing>(
        .agenticSystem, "create", .post, "/agentic_system/create", routingKey: .creation(.field("uuid")),
        summary: "Create an agent.")

    public static let delete = Endpoint<AgentQuery, Nothing, Nothing, Nothing>(
        .agenticSystem, "delete", .delete, "/agentic_system/delete", queryAliases: ["agent_uuid": "agent_id"],
        routingKey: .resource(.parameter("agent_id")), summary: "Delete an agent.")

    public static let execute = Endpoint<
        Nothing, AgenticSystemExecuteRequest, AgenticSystemExecuteResponse, AgenticSystemExecuteResponseStreamChunk
    >(
        .agenticSystem, "execute", .post, "/agentic_system/execute", streaming: .onRequest,
        routingKey: .resource(.field("agent_uuid")),
        summary: "Let an agent take a turn.")

    public static let get = Endpoint<AgentQuery, Nothing, AgenticSystemCreateRequest, Nothing>(
        .agenticSystem, "get", .get, "/agentic_system/get", queryAliases: ["agent_uuid": "agent_id"],
        routingKey: .resource(.parameter("agent_id")), isExtension: true,
        summary: "Look at an agent: the request that created it.")

    static let all = [create.description, delete.description, execute.description, get.description]
}
