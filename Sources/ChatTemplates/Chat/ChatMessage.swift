/// One message of a conversation, as a chat template sees it.
package struct ChatMessage: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        case system, user, assistant, tool
    }

    package var role: Role
    package var content: String
    /// Calls that an assistant message made.
    package var toolCalls: [ChatToolCall]
    /// Results that a tool message carries.  When there are any they are the prompt's text, and `content` is not.
    package var toolResponses: [ChatToolResponse]
    /// True for an assistant message that stopped to have a tool run (`<|eom_id|>`), false where its turn was over.
    /// Nil: it had calls to code or built-in tools.
    package var endedMessageOnly: Bool?
    /// The reasoning of a model before its answer, without the think tags.
    package var reasoning: String?
    /// Its place in the conversation, for a prompt that remembers which words are of which message.
    var place: Int?

    package init(
        role: Role, content: String, toolCalls: [ChatToolCall] = [], toolResponses: [ChatToolResponse] = [],
        endedMessageOnly: Bool? = nil, reasoning: String? = nil
    ) {
        self.role = role
        self.content = content
        self.toolCalls = toolCalls
        self.toolResponses = toolResponses
        self.endedMessageOnly = endedMessageOnly
        self.reasoning = reasoning
    }
}

/// A call of a tool: by an assistant message of the history, or parsed from a reply.
package struct ChatToolCall: Sendable, Equatable {
    package var name: String
    package var arguments: TemplateMap

    package init(name: String, arguments: TemplateMap) { (self.name, self.arguments) = (name, arguments) }
}

/// The result of a call.  Calls have no ids: a result belongs to the call at its place, else to the call of its name.
package struct ChatToolResponse: Sendable, Equatable {
    package var toolName: String
    package var content: String

    package init(toolName: String, content: String) { (self.toolName, self.content) = (toolName, content) }
}
