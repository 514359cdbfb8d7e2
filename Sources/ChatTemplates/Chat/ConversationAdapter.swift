/// Adapts a conversation to a template, and writes the parts that the template does not support in plain words.
///
/// Plain forms, for a template that
/// - has no system message: its text stands before the first user message, a blank line between;
/// - shows tools only beside a system message: an empty one begins a conversation without;
/// - has no tools: a line for each ends the system message, after one that asks for a call as
///   `{"name": …, "parameters": {…}}`; worked calls follow as turns (`PlainTools`);
/// - has no calls: a call is the text of an assistant message, in that form; a result is a user message that begins
///   `Result of NAME:` and ends by asking for an answer or another call;
/// - takes one call per message: each call is a message of its own, its result after it.
struct ConversationAdapter {
    struct Adapted {
        var messages: [TemplateValue] = []
        var tools: [TemplateValue] = []
        /// Names as the model knows them.
        var builtins: [TemplateValue] = []
    }

    let traits: TemplateTraits
    let namesBuiltins: Bool

    func adapt(_ conversation: ChatConversation) throws(TemplateError) -> Adapted {
        var adapted = Adapted()
        var tools = conversation.tools
        if namesBuiltins {
            adapted.builtins = tools.compactMap { $0.builtin.map { .control($0.nameForModel) } }
            tools.removeAll { $0.builtin != nil }
        }
        let definitions = tools.map { TemplateValue.map($0.completed.definition) }
        var messages = conversation.messages
        for place in messages.indices { messages[place].place = place }
        if traits.hasTools || (namesBuiltins && tools.isEmpty) {
            adapted.tools = definitions
        } else if !tools.isEmpty {
            try Self.describe(tools.map(\.completed), demandsCall: conversation.demandsCall, in: &messages)
        }
        if !traits.hasSystem(besideTools: !adapted.tools.isEmpty) { Self.foldSystem(&messages) }
        if !adapted.tools.isEmpty, !traits.hasToolsAlone, !messages.contains(where: { $0.role == .system }) {
            messages.insert(ChatMessage(role: .system, content: ""), at: 0)
        }
        let endsMessages = !conversation.tools.isEmpty
        var pending: [(call: ChatToolCall, id: String)] = []
        for message in messages {
            switch message.role {
            case .tool: try append(message, answering: &pending, to: &adapted.messages)
            case .assistant where !message.toolCalls.isEmpty:
                pending = message.toolCalls.enumerated().map { ($1, Self.id($0)) }
                try appendCalls(of: message, pending, endsMessage: endsMessages, to: &adapted.messages)
            default: adapted.messages.append(.map(plain(message)))
            }
        }
        if !traits.hasSeveralCalls { Self.pairCalls(&adapted.messages) }
        if traits.takesParts { adapted.messages = adapted.messages.map(withParts) }
        return adapted
    }

    /// Nine letters and digits: what Mistral's templates insist on.
    static func id(_ place: Int) -> String {
        let digits = String(place % 100_000 + 1)
        return "call" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    private static func describe(
        _ tools: [ChatTool], demandsCall: Bool, in messages: inout [ChatMessage]
    ) throws(TemplateError) {
        let (text, examples) = try PlainTools.described(tools, demandsCall: demandsCall)
        if let place = messages.firstIndex(where: { $0.role == .system }) {
            messages[place].content += (messages[place].content.isEmpty ? "" : "\n\n") + text
            messages.insert(contentsOf: examples, at: place + 1)
        } else {
            messages.insert(contentsOf: [ChatMessage(role: .system, content: text)] + examples, at: 0)
        }
    }

    private static func foldSystem(_ messages: inout [ChatMessage]) {
        let system = messages.filter { $0.role == .system }.map(\.content).filter { !$0.isEmpty }.joined(
            separator: "\n\n")
        messages.removeAll { $0.role == .system }
        if system.isEmpty { return }
        if let place = messages.firstIndex(where: { $0.role == .user }) {
            messages[place].content = system + "\n\n" + messages[place].content
        } else {
            messages.insert(ChatMessage(role: .user, content: system), at: 0)
        }
    }

    private func withParts(_ message: TemplateValue) -> TemplateValue {
        guard case .map(var shown) = message, let content = shown["content"] else { return message }
        shown["content"] = traits.content(content)
        return .map(shown)
    }

    private func plain(_ message: ChatMessage) -> TemplateMap {
        var shown: TemplateMap = [
            "role": .control(message.role.rawValue), "content": said(.string(message.content), message),
        ]
        if let reasoning = message.reasoning { shown["reasoning_content"] = said(.string(reasoning), message) }
        return shown
    }

    /// The prompt remembers which message of the assistant a text is of.
    private func said(_ value: TemplateValue, _ message: ChatMessage) -> TemplateValue {
        guard message.role == .assistant, let place = message.place else { return value }
        return .said(value, message: place)
    }

    private func appendCalls(
        of message: ChatMessage, _ calls: [(call: ChatToolCall, id: String)], endsMessage: Bool,
        to messages: inout [TemplateValue]
    ) throws(TemplateError) {
        var shown = plain(message)
        guard traits.hasCalls else {
            var lines = message.content.isEmpty ? [] : [message.content]
            for (call, _) in calls {
                lines.append(
                    try TemplateValue.map(["name": .string(call.name), "parameters": .map(call.arguments)]).json())
            }
            shown["content"] = said(.string(lines.joined(separator: "\n")), message)
            messages.append(.map(shown))
            return
        }
        shown["ended_message_only"] = .bool(message.endedMessageOnly ?? endsMessage)
        var list: [TemplateValue] = []
        for (call, id) in calls {
            let builtin = namesBuiltins ? ChatTool.Builtin(rawValue: call.name) : nil
            var arguments = TemplateValue.map(call.arguments)
            if traits.takesArgumentsAsText { arguments = .string(try arguments.json()) }
            list.append([
                "type": "function", "id": .control(id), "builtin": .bool(builtin != nil),
                "function": said(
                    ["name": .string(builtin?.nameForModel ?? call.name), "arguments": arguments], message),
            ])
        }
        shown["tool_calls"] = .list(list)
        messages.append(.map(shown))
    }

    /// One message per result.  A result belongs to the call at its place, if that has its name, else to the first open
    /// call of its name, else to the call at its place.
    private func append(
        _ message: ChatMessage, answering pending: inout [(call: ChatToolCall, id: String)],
        to messages: inout [TemplateValue]
    ) throws(TemplateError) {
        var responses = message.toolResponses
        if responses.isEmpty {
            responses = [ChatToolResponse(toolName: pending.first?.call.name ?? "", content: message.content)]
        }
        for response in responses {
            let name = response.toolName.isEmpty ? pending.first?.call.name ?? "tool" : response.toolName
            let place = pending.firstIndex { $0.call.name == name } ?? pending.indices.first
            let id = place.map { pending.remove(at: $0).id } ?? Self.id(0)
            guard traits.hasCalls else {
                // Without the request, a small model calls the same function again.
                let request = "Answer with it, or call another function."
                messages.append([
                    "role": .control("user"),
                    "content": .string("Result of \(name):\n\(response.content)\n\n\(request)"),
                ])
                continue
            }
            messages.append([
                "role": .control("tool"), "content": .string(response.content), "name": .string(name),
                "tool_call_id": .control(id),
            ])
        }
    }

    /// Splits messages of several calls, and puts each result behind its call.
    private static func pairCalls(_ messages: inout [TemplateValue]) {
        var paired: [TemplateValue] = []
        var place = 0
        while place < messages.count {
            let message = messages[place]
            place += 1
            guard case .map(var shown) = message, case .list(let calls)? = shown["tool_calls"], calls.count > 1 else {
                paired.append(message)
                continue
            }
            var results: [TemplateMap] = []
            while place < messages.count, case .map(let result) = messages[place], result["role"] == .control("tool") {
                results.append(result)
                place += 1
            }
            for call in calls {
                shown["tool_calls"] = [call]
                paired.append(.map(shown))
                shown["content"] = ""
                guard case .map(let fields) = call else { continue }
                if let found = results.firstIndex(where: { $0["tool_call_id"] == fields["id"] }) {
                    paired.append(.map(results.remove(at: found)))
                }
            }
            paired += results.map { .map($0) }
        }
        messages = paired
    }
}

extension TemplateValue {
    /// The JSON text of this value on one line, as Python's `json.dumps` writes it, or without any white space.
    package func json(isCompact: Bool = false, limits: TemplateLimits = .init()) throws(TemplateError) -> String {
        let machine = Jinja.Machine(limits: limits, today: TemplateDate(year: 1970, month: 1, day: 1))
        var style = Jinja.JSONStyle()
        if isCompact { (style.betweenItems, style.afterKey) = (Array(",".utf8), Array(":".utf8)) }
        return try machine.json(try Jinja.Value(self, levels: limits.nestingMax), style).string
    }
}
