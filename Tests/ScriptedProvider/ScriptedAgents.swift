import ProviderKit

struct ScriptedAgents: AgenticSystemProvider, Scripted {
    init(configuration: NoConfiguration, context: ProviderContext) {}

    func create(_ request: AgenticSystemCreateRequest, _ call: Call) async throws -> AgenticSystemCreateResponse {
        call.note(body: request.json)
        return AgenticSystemCreateResponse(agentUUID: request.uuid)
    }

    func delete(_ agent: AgentQuery, _ call: Call) async throws { call.note(agent.json) }

    func get(_ agent: AgentQuery, _ call: Call) async throws -> AgenticSystemCreateRequest {
        call.note(agent.json)
        return AgenticSystemCreateRequest(
            uuid: agent.agentID, instructions: "scripted", model: InstructModel(rawValue: "scripted"))
    }

    func execute(_ request: AgenticSystemExecuteRequest, _ call: Call) async throws -> AgenticSystemExecuteResponse {
        call.note(body: request.json)
        let step = ModelInferenceStep(uuid: "step", text: "thought")
        return AgenticSystemExecuteResponse(
            turn: AgenticSystemTurn(
                userMessages: request.messages, steps: [.modelInference(step)],
                responseMessage: Message(role: .assistant, content: .text("for \(request.agentUUID)"))))
    }

    func execute(
        _ request: AgenticSystemExecuteRequest, _ call: Call,
        streamingTo stream: EventStream<AgenticSystemExecuteResponseStreamChunk>
    ) async throws {
        call.note(body: request.json)
        try await stream.send(.init(eventType: .stepStart, stepUUID: "step", stepType: .modelInference))
        try await Script.play(request.messages.first?.content.text ?? "") {
            try await stream.send(
                .init(
                    eventType: .stepProgress, stepUUID: "step", stepType: .modelInference, responseTextDelta: $0))
        }
        try await stream.send(
            .init(eventType: .stepEnd, stepUUID: "step", stepType: .modelInference, stopReason: .finishedOK))
    }
}
