import ProviderKit

extension Message {
    /// The message with every text of it replaced: what is said, arguments of calls, results of tools.
    func mapTexts(_ change: (String) -> String) -> Message {
        var message = self
        message.content = content.mapTexts(change)
        message.toolCalls = toolCalls.map { call in
            guard case .object(let arguments) = JSON.object(call.arguments).mapTexts(change) else { return call }
            return ToolCall(toolName: call.toolName, arguments: arguments)
        }
        message.toolResponses = toolResponses.map {
            ToolResponse(toolName: $0.toolName, content: $0.content.mapTexts(change))
        }
        return message
    }
}

extension Content {
    fileprivate func mapTexts(_ change: (String) -> String) -> Content {
        switch self {
        case .text(let text): .text(change(text))
        case .attachment: self
        case .items(let items):
            .items(
                items.map { item in
                    if case .text(let text) = item { .text(change(text)) } else { item }
                })
        }
    }
}

extension JSON {
    /// Strings and keys, at any depth.
    fileprivate func mapTexts(_ change: (String) -> String) -> JSON {
        switch self {
        case .string(let text): return .string(change(text))
        case .array(let items): return .array(items.map { $0.mapTexts(change) })
        case .object(let object):
            var mapped = JSONObject()
            for member in object.members { mapped.append(change(member.key), member.value.mapTexts(change)) }
            return .object(mapped)
        default: return self
        }
    }
}
