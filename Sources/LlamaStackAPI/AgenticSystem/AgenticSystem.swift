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

    static let all = [create.description, delete.description, execute.description]
}
