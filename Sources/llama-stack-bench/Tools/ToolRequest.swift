import LlamaStackAPI

/// A request with the tools that are offered for it, and the call that it needs.
struct ToolRequest: Sendable, Equatable {
    let id: String
    let messages: [Message]
    let tools: [ToolDefinition]
    /// nil where no tool helps.
    let expected: ExpectedCall?
}

/// The call that a request needs, with all the values that are right.
struct ExpectedCall: Sendable, Equatable {
    let tool: String
    let arguments: [Argument]

    struct Argument: Sendable, Equatable {
        let name: String
        let values: [JSON]
        /// The right call may leave it out.
        let isOptional: Bool
    }

    /// `{"tool": {"argument": [value, …]}}`; an empty text among the values means that the argument may be missing.
    init?(_ json: JSON) {
        guard case .object(let object) = json, object.members.count == 1, let call = object.members.first,
            case .object(let arguments) = call.value
        else { return nil }
        tool = call.key
        var read: [Argument] = []
        for member in arguments.members {
            guard case .array(let values) = member.value, !values.isEmpty else { return nil }
            read.append(
                Argument(
                    name: member.key, values: values.filter { $0 != .string("") },
                    isOptional: values.contains(.string(""))))
        }
        self.arguments = read
    }
}

/// A line that is no request, and why.
struct ToolRequestError: Error, Equatable, CustomStringConvertible {
    let line: Int
    let reason: String

    var description: String { "line \(line): \(reason)" }
}

extension ToolRequest {
    /// Requests in JSON lines, of two layouts that may be mixed:
    /// - ours: `{"tools": […]}` sets the tools for the requests after it, `{"id", "question": "…", "call": … or null}`;
    /// - BFCL's: `{"id", "question": [[message, …]], "function": […]}`.
    ///
    /// - Parameter answers: BFCL's calls by id, which stand in a file of their own; nil: no request needs a call.
    static func read(_ text: String, answers: [String: ExpectedCall]? = nil) throws(ToolRequestError) -> [ToolRequest] {
        var offered: [ToolDefinition] = []
        var requests: [ToolRequest] = []
        for (number, line) in lines(of: text) {
            func fails(_ reason: String) -> ToolRequestError { ToolRequestError(line: number, reason: reason) }
            let json = try parsed(line, number)
            if let tools = json["tools"] {
                guard let read = definitions(tools) else { throw fails("`tools` must be a list of definitions") }
                offered = read
                continue
            }
            guard let id = json["id"]?.stringValue else { throw fails("a request needs an `id`") }
            guard let messages = json["question"].flatMap(messages) else {
                throw fails("`question` must be a text, or one turn of messages with `role` and `content`")
            }
            guard let functions = json["function"] else {
                guard let call = json["call"] else { throw fails("a request needs a `call`, null where none helps") }
                let expected = ExpectedCall(call)
                guard expected != nil || call == .null else {
                    throw fails("`call` must be {tool: {argument: [right value, …]}}")
                }
                requests.append(ToolRequest(id: id, messages: messages, tools: offered, expected: expected))
                continue
            }
            guard let tools = definitions(functions) else { throw fails("`function` must be a list of definitions") }
            if let answers, answers[id] == nil { throw fails("the answers have no '\(id)'") }
            requests.append(ToolRequest(id: id, messages: messages, tools: tools, expected: answers?[id]))
        }
        return requests
    }

    /// BFCL's answers: `{"id", "ground_truth": [call]}`.
    static func readAnswers(_ text: String) throws(ToolRequestError) -> [String: ExpectedCall] {
        var answers: [String: ExpectedCall] = [:]
        for (number, line) in lines(of: text) {
            let json = try parsed(line, number)
            guard let id = json["id"]?.stringValue, case .array(let calls)? = json["ground_truth"], calls.count == 1,
                let call = ExpectedCall(calls[0])
            else {
                throw ToolRequestError(line: number, reason: "an answer needs an `id` and a `ground_truth` of one call")
            }
            answers[id] = call
        }
        return answers
    }

    private static func lines(of text: String) -> [(number: Int, line: Substring)] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { ($0 + 1, $1) }.filter { !$1.allSatisfy(\.isWhitespace) }
    }

    private static func parsed(_ line: Substring, _ number: Int) throws(ToolRequestError) -> JSON {
        do throws(JSONError) {
            return try JSON(parsing: String(line))
        } catch {
            throw ToolRequestError(line: number, reason: "\(error)")
        }
    }

    private static func messages(_ question: JSON) -> [Message]? {
        if let text = question.stringValue { return [Message(role: .user, content: .text(text))] }
        guard case .array(let turns) = question, turns.count == 1, case .array(let items) = turns[0], !items.isEmpty
        else { return nil }
        let messages = items.compactMap { item -> Message? in
            guard let role = item["role"]?.stringValue.flatMap(Role.init), let text = item["content"]?.stringValue
            else { return nil }
            return Message(role: role, content: .text(text))
        }
        return messages.count == items.count ? messages : nil
    }

    /// The draft's definition has no place for a description but the schema.
    private static func definitions(_ json: JSON) -> [ToolDefinition]? {
        guard case .array(let items) = json, !items.isEmpty else { return nil }
        let tools = items.compactMap { item -> ToolDefinition? in
            guard let name = item["name"]?.stringValue, case .object(let given)? = item["parameters"] else {
                return nil
            }
            var parameters: JSONObject = [:]
            if let description = item["description"] { parameters["description"] = description }
            for member in given.members { parameters[member.key] = member.value }
            return ToolDefinition(toolName: ToolName(name), parameters: parameters)
        }
        return tools.count == items.count ? tools : nil
    }
}
