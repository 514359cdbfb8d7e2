import LlamaStackAPI

/// The messages of a chat as the draft's dialog, and where each stood.
struct ChatDialog {
    let dialog: Dialog
    /// For each message of the dialog, the first of the client's messages that it was made of.
    private let places: [Int]

    init(_ messages: [ChatMessage]) throws(DialectError) {
        var draft: [Message] = []
        var places: [Int] = []
        /// The calls of the last message of the assistant, and which of them each result of the last message answers.
        var calls: [(id: String?, name: String)] = []
        var answered: [Int] = []
        for (index, message) in messages.enumerated() {
            let path = "messages[\(index)]"
            switch message.role {
            case .tool, .function:
                let (call, response) = try Self.response(message, calls, answered, path)
                if draft.last?.role != .tool {
                    draft.append(Message(role: .tool, content: ""))
                    places.append(index)
                    answered = []
                }
                // Clients send results as they come in; the draft's stand in the order of the calls.
                let place = answered.firstIndex { $0 > call } ?? answered.endIndex
                answered.insert(call, at: place)
                draft[draft.count - 1].toolResponses.insert(response, at: place)
            case .assistant:
                let made = try (message.toolCalls ?? []).enumerated().mapTyped { (number, call) throws(DialectError) in
                    try Self.call(call, "\(path).tool_calls[\(number)]")
                }
                guard message.content != nil || !made.isEmpty else { throw Self.required("\(path).content") }
                (calls, answered) = (zip(message.toolCalls ?? [], made).map { ($0.id, $1.toolName) }, [])
                draft.append(Message(role: .assistant, content: .text(message.content?.text ?? ""), toolCalls: made))
                places.append(index)
            case .system, .developer, .user:
                guard let content = message.content else { throw Self.required("\(path).content") }
                draft.append(Message(role: message.role == .user ? .user : .system, content: .text(content.text)))
                places.append(index)
            }
        }
        guard let last = draft.last else { throw Self.required("messages") }
        dialog = Dialog(message: last, messageHistory: draft.dropLast())
        self.places = places
    }

    /// The client's field for one of the draft's: `dialog.message_history[1].content` is `messages[1].content`.
    func clientField(_ field: String) -> String? {
        let place: Int, rest: Substring
        if field == "dialog" { return "messages" }
        if field.hasPrefix("dialog.message_history[") {
            let tail = field.dropFirst("dialog.message_history[".count)
            guard let number = Int(tail.prefix { $0 != "]" }), places.indices.contains(number) else {
                return "messages"
            }
            (place, rest) = (places[number], tail.drop { $0 != "]" }.dropFirst())
        } else if field.hasPrefix("dialog.message") {
            (place, rest) = (places.last ?? 0, field.dropFirst("dialog.message".count))
        } else {
            return nil
        }
        return "messages[\(place)]" + (rest.hasPrefix(".tool_responses") ? ".content" : rest)
    }

    /// - Returns: which of the calls it answers; of a function that was not called, as if it was called last.
    private static func response(
        _ message: ChatMessage, _ calls: [(id: String?, name: String)], _ answered: [Int], _ path: String
    ) throws(DialectError) -> (Int, ToolResponse) {
        guard let content = message.content else { throw required("\(path).content") }
        if message.role == .function {
            guard let name = message.name else { throw required("\(path).name") }
            let call = calls.indices.first { calls[$0].name == name && !answered.contains($0) }
            return (call ?? calls.count, ToolResponse(toolName: name, content: .text(content.text)))
        }
        guard let id = message.toolCallID else { throw required("\(path).tool_call_id") }
        guard let call = calls.firstIndex(where: { $0.id == id }) else {
            throw DialectError(
                .invalidRequest,
                "\(path).tool_call_id must be the id of a call in the message of the assistant before it, got "
                    + "'\(id.prefix(64))'", field: "\(path).tool_call_id")
        }
        return (call, ToolResponse(toolName: calls[call].name, content: .text(content.text)))
    }

    private static func call(_ call: MessageCall, _ path: String) throws(DialectError) -> ToolCall {
        let text = call.function.arguments
        let isEmpty = text.allSatisfy(\.isWhitespace)
        guard let arguments = isEmpty ? JSONObject() : (try? JSON(parsing: Array(text.utf8)))?.objectValue else {
            throw DialectError(
                .invalidRequest, "\(path).function.arguments must be the text of a JSON object",
                field: "\(path).function.arguments")
        }
        return ToolCall(toolName: call.function.name, arguments: arguments)
    }

    private static func required(_ field: String) -> DialectError {
        DialectError(.invalidRequest, "\(field) is required", field: field)
    }
}

extension Sequence {
    /// `map` whose function throws one type.
    fileprivate func mapTyped<Value, Failure: Error>(
        _ transform: (Element) throws(Failure) -> Value
    ) throws(Failure) -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try transform(element)) }
        return values
    }
}
