import ProviderKit

/// Puts together the messages that a turn's model is given: those of the turns before, then the request's own.
///
/// System messages are left out: the agent's instructions are the only ones. Every call has its result behind it, and
/// no result stands without its call, as the templates of models need it.
struct DialogBuilder {
    /// The result of a call that its caller did not answer.
    static let noResult = "no result was given"

    private(set) var messages: [Message] = []
    /// The calls of the last message, whose results are still to come.
    private var open: [ToolCall] = []
    private var results: [ToolResponse] = []

    /// - Parameter field: where the turn stands in the request's body.
    mutating func add(_ turn: AgenticSystemTurn, at field: String) throws {
        let retrieved = turn.steps.flatMap { step -> [MemoryBankDocument] in
            if case .memoryRetrieval(let step) = step { step.documents } else { [] }
        }
        try add(turn.userMessages, retrieved: retrieved, at: "\(field).user_messages")
        var said = ""
        for step in turn.steps {
            switch step {
            case .modelInference(let step): said = step.text
            case .toolExecution(let step) where !step.toolCalls.isEmpty:
                add(Message(role: .assistant, content: .text(said), toolCalls: step.toolCalls))
                results = step.toolResponses.map(\.forModel)
                said = ""
            case .toolExecution, .safetyFiltering, .memoryRetrieval: break
            }
        }
        // The last inference's text is this message's.
        var reply = turn.responseMessage
        (reply.role, reply.toolResponses) = (.assistant, [])
        add(reply)
    }

    /// Adds messages as they were sent.
    ///
    /// - Parameter retrieved: pieces of documents for the last of them that is the user's.
    mutating func add(_ given: [Message], retrieved: [MemoryBankDocument] = [], at field: String) throws {
        let last = given.lastIndex { $0.role == .user }
        for (index, message) in given.enumerated() {
            var message = message
            message.content = message.content.modelText
            switch message.role {
            case .system: continue
            case .tool:
                guard !open.isEmpty else {
                    throw ProviderError(
                        .invalidRequest,
                        "\(field)[\(index)] is a tool's result, and no call of the assistant comes before it: send the "
                            + "turn that has the call in turn_history", field: "\(field)[\(index)]")
                }
                results +=
                    message.toolResponses.isEmpty
                    ? [ToolResponse(toolName: "", content: message.content)]
                    : message.toolResponses.map(\.forModel)
            case .user, .assistant:
                if index == last { message.content = message.content.appending(RetrievedText.behindMessage(retrieved)) }
                add(message)
            }
        }
    }

    /// The whole dialog; no call is left without a result.
    mutating func finish() -> [Message] {
        closeCalls()
        return messages
    }

    private mutating func add(_ message: Message) {
        closeCalls()
        var message = message
        message.content = message.content.modelText
        messages.append(message)
        open = message.role == .assistant ? message.toolCalls : []
    }

    /// Puts the results behind their calls: by place, then by name.
    private mutating func closeCalls() {
        guard !open.isEmpty else { return }
        var unused = results.map(Optional.some)
        var matched = [ToolResponse?](repeating: nil, count: open.count)
        for (index, call) in open.enumerated() where index < unused.count {
            guard let result = unused[index], result.toolName == call.toolName || result.toolName.isEmpty else {
                continue
            }
            (matched[index], unused[index]) = (result, nil)
        }
        for (index, call) in open.enumerated() where matched[index] == nil {
            guard let place = unused.firstIndex(where: { $0?.toolName == call.toolName }) else { continue }
            (matched[index], unused[place]) = (unused[place], nil)
        }
        let responses = zip(open, matched).map { call, result in
            ToolResponse(toolName: call.toolName, content: result?.content ?? .text(Self.noResult))
        }
        messages.append(.results(responses))
        (open, results) = ([], [])
    }
}

extension ToolResponse {
    /// The result as text alone.
    var forModel: ToolResponse { ToolResponse(toolName: toolName, content: content.modelText) }
}

extension Message {
    /// The results of calls, in their order, for the model.
    static func results(_ responses: [ToolResponse]) -> Message {
        Message(
            role: .tool, content: .text(responses.map(\.content.text).joined(separator: "\n")),
            toolResponses: responses)
    }
}
