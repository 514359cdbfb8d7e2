import ProviderKit

/// Every tool but `none` and `gone` plays the script in its argument `text`; `fail` fails with what that said.
struct ScriptedTools: ToolsProvider, Scripted {
    init(configuration: NoConfiguration, context: ProviderContext) {}

    func register(_ resource: Resource) async throws {}

    func list(_ call: Call) async throws -> [ListedTool] {
        call.note()
        let parameters: JSONObject = [
            "type": "object", "properties": ["text": ["type": "string"]], "required": ["text"],
        ]
        return [
            ListedTool(toolName: "say", description: "Says the text.", parameters: parameters),
            ListedTool(toolName: "fail", description: "Fails with the text.", parameters: parameters),
            ListedTool(toolName: "gone", description: "Can't be reached.", unavailable: "scripted"),
        ]
    }

    func invoke(_ tool: ToolCall, _ call: Call) async throws -> ToolResult {
        call.note(body: tool.json)
        guard tool.toolName != "none" else {
            throw ProviderError(.notFound, "there is no tool 'none'", field: "tool_name")
        }
        guard tool.toolName != "gone" else { throw ProviderError(.upstreamError, "scripted") }
        let said = Pieces()
        try await Script.play(tool.arguments["text"]?.stringValue ?? "") { await said.append($0) }
        return ToolResult(content: .text(await said.text), isError: tool.toolName == "fail")
    }
}

/// Objects to messages whose text has the word `bad`, replaces the word `secret`, and refuses the setting `unknown`.
struct ScriptedSafety: SafetyProvider, Scripted {
    init(configuration: NoConfiguration, context: ProviderContext) {}

    func register(_ resource: Resource) async throws {}

    func list(_ call: Call) async throws -> [ListedShield] {
        call.note()
        return [ListedShield(shieldType: "llama_guard", description: "Objects to 'bad'.", holdBytes: 6)]
    }

    func runShield(_ request: RunShieldRequest, _ call: Call) async throws -> RunShieldResponse {
        call.note(body: request.json)
        guard request.shield.params["unknown"] == nil else {
            throw ProviderError(.invalidRequest, "is not a setting of the shield", field: "params.unknown")
        }
        if let last = request.messages.last, last.role == .user { try await Script.play(last.content.text) { _ in } }
        for message in request.messages where message.content.text.contains("bad") {
            return RunShieldResponse(
                violation: SafetyViolation(
                    violationType: "scripted", details: "the text has 'bad'", suggestedUserResponse: "No."))
        }
        let texts = request.messages.map(\.content.text)
        guard texts.contains(where: { $0.contains("secret") }) else { return RunShieldResponse() }
        return RunShieldResponse(
            messages: request.messages.map { message in
                var message = message
                message.content = .text(message.content.text.replacing("secret", with: "******"))
                return message
            })
    }
}

private actor Pieces {
    private(set) var text = ""
    func append(_ piece: String) { text += piece }
}
