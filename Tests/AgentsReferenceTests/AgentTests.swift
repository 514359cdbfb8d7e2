import Host
import ProviderKit
import Testing

/// What is kept of agents, and what is refused before anything is.
struct AgentTests {
    private func agent(_ id: String = "a") -> AgenticSystemCreateRequest {
        AgenticSystemCreateRequest(uuid: id, instructions: "{\"rounds\":[]}", model: "scripted")
    }

    private func refusal(_ body: () async throws -> Void) async -> CallError? {
        do {
            try await body()
            return nil
        } catch { return error as? CallError }
    }

    private func get(_ server: AgentServer, _ id: String, principal: String = "") async throws
        -> AgenticSystemCreateRequest
    {
        let call = server.request(AgenticSystem.get, AgentQuery(agentID: id), Nothing(), principal: principal)
        return try AgenticSystem.get.decodeAnswer(
            try await server.stack.call(AgenticSystem.get.description, request: call).collect())
    }

    private func delete(_ server: AgentServer, _ id: String, principal: String = "") async throws {
        let call = server.request(AgenticSystem.delete, AgentQuery(agentID: id), Nothing(), principal: principal)
        _ = try await server.stack.call(AgenticSystem.delete.description, request: call).collect()
    }

    @Test func `an agent is its creator's alone`() async throws {
        try await withAgents { server in
            try await server.create(agent(), principal: "nora")
            #expect(try await get(server, "a", principal: "nora") == agent())
            #expect(await refusal { _ = try await get(server, "a", principal: "omar") }?.code == .notFound)
            #expect(await refusal { try await delete(server, "a", principal: "omar") }?.code == .notFound)
            let turn = AgenticSystemExecuteRequest(
                agentUUID: "a", messages: [Message(role: .user, content: "hello")])
            #expect(await refusal { _ = try await server.execute(turn, principal: "omar") }?.code == .notFound)
            #expect(await refusal { try await server.create(agent(), principal: "omar") }?.code == .alreadyExists)
            try await delete(server, "a", principal: "nora")
            #expect(await refusal { _ = try await get(server, "a", principal: "nora") }?.code == .notFound)
        }
    }

    @Test func `a creation that is sent again under its key is made once`() async throws {
        try await withAgents { server in
            try await server.create(agent(), key: "k")
            try await server.create(agent(), key: "k")
            #expect(await refusal { try await server.create(agent("b"), key: "k") }?.code == .idempotencyMismatch)
            #expect(await refusal { try await server.create(agent()) }?.code == .alreadyExists)
        }
    }

    @Test func `agents are there after a restart`() async throws {
        try await withAgents { server in
            try await server.create(agent())
            try await server.restart()
            #expect(try await get(server, "a") == agent())
        }
    }

    @Test(arguments: [
        "unknown model", "unknown tool to run", "tool to run that is not available", "tool to run that is not offered",
        "tool twice", "tool without a name", "unknown shield", "unknown setting of a shield", "unknown on_violation",
        "unknown shield of a tool", "schema that is none",
    ])
    func `what an agent can't use is refused by its place, and nothing is kept`(fault: String) async throws {
        let shield = ShieldConfig(shieldType: "nothing")
        var request = agent()
        let wanted: (code: ErrorCode, field: String)
        switch fault {
        case "unknown model": (request.model, wanted) = ("nothing", (.modelNotFound, "model"))
        case "unknown tool to run":
            request.availableTools = [ToolDefinition(toolName: "nothing")]
            (request.executableTools, wanted) = (["nothing"], (.invalidRequest, "executable_tools"))
        case "tool to run that is not available":
            request.availableTools = [ToolDefinition(toolName: "gone")]
            (request.executableTools, wanted) = (["gone"], (.invalidRequest, "executable_tools"))
        case "tool to run that is not offered":
            (request.executableTools, wanted) = (["say"], (.invalidRequest, "executable_tools"))
        case "tool twice":
            request.availableTools = [ToolDefinition(toolName: "x"), ToolDefinition(toolName: "x")]
            wanted = (.invalidRequest, "available_tools[1].tool_name")
        case "tool without a name":
            request.availableTools = [ToolDefinition(toolName: "a b")]
            wanted = (.invalidRequest, "available_tools[0].tool_name")
        case "unknown shield":
            (request.inputShields, wanted) = ([shield], (.invalidRequest, "input_shields[0].shield_type"))
        case "unknown setting of a shield":
            request.outputShields = [ShieldConfig(shieldType: "llama_guard", params: ["unknown": 1])]
            wanted = (.invalidRequest, "output_shields[0].params.unknown")
        case "unknown on_violation":
            request.outputShields = [ShieldConfig(shieldType: "llama_guard", params: ["on_violation": "explode"])]
            wanted = (.invalidRequest, "output_shields[0].params.on_violation")
        case "schema that is none":
            request.availableTools = [
                ToolDefinition(toolName: "x", parameters: ["type": "object", "properties": ["a": ["type": "nothing"]]])
            ]
            wanted = (.invalidRequest, "available_tools[0].parameters")
        default:
            request.availableTools = [ToolDefinition(toolName: "x", outputShields: [shield])]
            wanted = (.invalidRequest, "available_tools[0].output_shields[0].shield_type")
        }
        try await withAgents { server in
            let error = await refusal { try await server.create(request) }
            #expect(error?.code == wanted.code)
            #expect(error?.field == wanted.field, "\(error?.message ?? "")")
            #expect(await refusal { _ = try await get(server, "a") }?.code == .notFound)
        }
    }

    @Test(arguments: ["none", "system alone", "assistant first", "result without a call"])
    func `messages that begin no turn are refused`(fault: String) async throws {
        let messages: [Message] =
            switch fault {
            case "none": []
            case "system alone": [Message(role: .system, content: "obey")]
            case "assistant first": [Message(role: .assistant, content: "hi"), Message(role: .user, content: "hi")]
            default: [Message(role: .tool, content: "42")]
            }
        try await withAgents { server in
            try await server.create(agent())
            let error = await refusal {
                _ = try await server.execute(AgenticSystemExecuteRequest(agentUUID: "a", messages: messages))
            }
            #expect(error?.code == .invalidRequest)
        }
    }

    @Test func `the caller's result goes on where the turn ended`() async throws {
        try await withAgents { server in
            var request = agent()
            request.instructions =
                #"{"rounds":[{"calls":[{"tool_name":"ask","arguments":{"q":"who?"}}]},{"text":["It is Nora."]}]}"#
            request.availableTools = [ToolDefinition(toolName: "ask", parameters: ["type": "object"])]
            try await server.create(request)
            let hello = Message(role: .user, content: "who is it?")
            let first = try await server.execute(AgenticSystemExecuteRequest(agentUUID: "a", messages: [hello]))
            #expect(first.responseMessage.toolCalls.map(\.toolName) == ["ask"])
            let result = Message(
                role: .tool, content: "", toolResponses: [ToolResponse(toolName: "ask", content: "Nora")])
            let second = try await server.execute(
                AgenticSystemExecuteRequest(agentUUID: "a", messages: [result], turnHistory: [first]))
            #expect(second.responseMessage.content == "It is Nora.")
            #expect(server.prompts.last.map(\.role) == [.system, .user, .assistant, .tool])
        }
    }
}
