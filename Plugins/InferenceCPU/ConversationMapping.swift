import ChatTemplates
import ProviderKit

extension ChatConversation {
    /// The draft's dialog and tools as a chat template takes them.
    ///
    /// Throws a `ProviderError` that names the field of what no model here can read, or what does not belong there.
    /// - Parameter field: where the dialog stands in the call's body.
    package init(_ dialog: Dialog, at field: String, tools: [ToolDefinition]) throws {
        let history = try dialog.messageHistory.enumerated().map {
            try ChatMessage($1, at: "\(field).message_history[\($0)]")
        }
        let messages = history + [try ChatMessage(dialog.message, at: "\(field).message")]
        self.init(messages: messages.map(\.separatingReasoning), tools: try Self.tools(tools))
    }

    private static func tools(_ definitions: [ToolDefinition]) throws -> [ChatTool] {
        var names: Set<String> = []
        return try definitions.enumerated().map { index, definition in
            let name = definition.toolName.description
            let field = "available_tools[\(index)].tool_name"
            guard !name.isEmpty else { throw refused(field, "must not be empty") }
            guard names.insert(name).inserted else { throw refused(field, "must be unique: '\(name)' comes twice") }
            return ChatTool(name: name, parameters: TemplateMap(definition.parameters ?? [:]))
        }
    }
}

extension ChatMessage {
    /// - Parameter field: where the message stands in the call's body.
    package init(_ message: Message, at field: String) throws {
        guard message.toolCalls.isEmpty || message.role == .assistant else {
            throw refused("\(field).tool_calls", "belongs to messages of the assistant")
        }
        guard message.toolResponses.isEmpty || message.role == .tool else {
            throw refused("\(field).tool_responses", "belongs to messages of the role tool")
        }
        self.init(
            role: Role(message.role), content: try message.content.text(at: "\(field).content"),
            toolCalls: message.toolCalls.map { ChatToolCall(name: $0.toolName, arguments: TemplateMap($0.arguments)) },
            toolResponses: try message.toolResponses.enumerated().map { index, response in
                ChatToolResponse(
                    toolName: response.toolName,
                    content: try response.content.text(at: "\(field).tool_responses[\(index)].content"))
            })
    }
}

extension ChatMessage.Role {
    fileprivate init(_ role: Role) {
        self =
            switch role {
            case .system: .system
            case .user: .user
            case .assistant: .assistant
            case .tool: .tool
            }
    }
}

extension Content {
    /// The text; the pieces of a list are joined by a space, as the draft's first implementation did.
    func text(at field: String) throws -> String {
        let all = self.all
        let pieces = try all.enumerated().map { index, item in
            guard case .text(let text) = item else {
                let place = if case .items = self { "\(field)[\(index)]" } else { field }
                throw ProviderError(
                    .unsupportedContent, "\(place) must be text: this provider's models read no attachments",
                    field: place)
            }
            return text
        }
        return pieces.joined(separator: " ")
    }
}

private func refused(_ field: String, _ reason: String) -> ProviderError {
    ProviderError(.invalidRequest, "\(field) \(reason)", field: field)
}
