import ProviderKit

/// One turn over scripted providers, for a golden file.
struct TurnScript {
    var rounds: JSON
    var agent: @Sendable (inout AgenticSystemCreateRequest) -> Void = { _ in }
    var message = "hello"
    var config = "{}"

    /// An agent that may call `say` and `fail`, which the server runs, and `ask`, which is the caller's.
    var creation: AgenticSystemCreateRequest {
        var request = AgenticSystemCreateRequest(
            uuid: "a", instructions: JSON.object(["rounds": rounds]).text, model: "scripted",
            availableTools: [
                ToolDefinition(toolName: "say"), ToolDefinition(toolName: "fail"),
                ToolDefinition(
                    toolName: "ask",
                    parameters: ["type": "object", "properties": ["question": ["type": "string"]]]),
            ],
            executableTools: ["say", "fail"])
        agent(&request)
        return request
    }

    var execution: AgenticSystemExecuteRequest {
        AgenticSystemExecuteRequest(agentUUID: "a", messages: [Message(role: .user, content: .text(message))])
    }
}

/// Ids as `1`, `2`, … in the order of their first appearance.
struct StepNames {
    private var names: [String: String] = [:]

    mutating func name(_ uuid: String) -> String {
        if let name = names[uuid] { return name }
        let name = "\(names.count + 1)"
        names[uuid] = name
        return name
    }
}

/// A turn as a caller can put it together from the events alone.
struct RebuiltTurn {
    var steps: [ExecutionStep] = []
    var reply = ""

    init(_ events: [AgenticSystemExecuteResponseStreamChunk]) {
        var text = ""
        var calls: [ToolCall] = []
        var responses: [ToolResponse] = []
        var documents: [MemoryBankDocument] = []
        for event in events {
            switch event.eventType {
            case .stepStart: (text, calls, responses, documents) = ("", [], [], [])
            case .stepProgress:
                text += event.responseTextDelta ?? ""
                if let call = event.toolCall { calls.append(call) }
                if let response = event.toolResponseDelta { responses.append(response) }
                if let document = event.retrievedDocument { documents.append(document) }
            case .stepEnd:
                switch event.stepType {
                case .modelInference: steps.append(.modelInference(ModelInferenceStep(uuid: "", text: text)))
                case .toolExecution:
                    steps.append(
                        .toolExecution(ToolExecutionStep(uuid: "", toolCalls: calls, toolResponses: responses)))
                case .safetyFiltering:
                    steps.append(.safetyFiltering(SafetyFilteringStep(uuid: "", violation: event.violation)))
                case .memoryRetrieval:
                    steps.append(.memoryRetrieval(MemoryRetrievalStep(uuid: "", documents: documents, scores: [])))
                }
            }
        }
    }
}

extension ExecutionStep {
    /// Without what no event tells: scores; without ids, which are new in each turn; without the text in place of a
    /// result that a shield refused, which has no event.
    func comparable(refused: String? = nil) -> ExecutionStep {
        switch self {
        case .modelInference(var step):
            step.uuid = ""
            return .modelInference(step)
        case .toolExecution(var step):
            step.uuid = ""
            if let refused { step.toolResponses.removeAll { $0.content == .text(refused) } }
            return .toolExecution(step)
        case .safetyFiltering(var step):
            step.uuid = ""
            return .safetyFiltering(step)
        case .memoryRetrieval(var step):
            (step.uuid, step.scores) = ("", [])
            return .memoryRetrieval(step)
        }
    }
}
