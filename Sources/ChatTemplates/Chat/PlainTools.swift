/// Tools as they are told to a model whose template knows none: a line each, and worked calls of tools that are not
/// offered, as turns before the conversation.
///
/// Of the forms that were measured (`llama-stack-bench tools`) this one has the most right calls for its tokens: small
/// models write no call at all without worked ones, and calls for everything without an answer in words among those.
enum PlainTools {
    private static let heading = """
        You can call the functions below. To call one, answer with nothing but JSON of the form {"name": its name, \
        "parameters": {argument: value}}.
        """

    /// The system's text, and the turns that follow it; no answer in words is among them where a call is demanded.
    static func described(
        _ tools: [ChatTool], demandsCall: Bool = false
    ) throws(TemplateError) -> (text: String, examples: [ChatMessage]) {
        var text = heading + "\n"
        for tool in tools { text += "\n" + (try line(tool)) }
        let names = Set(tools.map(\.name))
        // A worked call of an offered tool would be taken for a hint.
        let examples = Self.examples.filter { example in
            example.call.map { !names.contains($0.name) } ?? !demandsCall
        }
        return (text, examples.flatMap { $0.messages(demandsCall: demandsCall) })
    }

    /// `name(arg, arg?: a|b): what it does`, on one line.
    static func line(_ tool: ChatTool) throws(TemplateError) -> String {
        let schema = tool.schema
        var required: [TemplateValue] = []
        if case .list(let names)? = schema["required"] { required = names }
        var arguments: [String] = []
        if case .map(let properties)? = schema["properties"] {
            for property in properties.entries {
                var argument = property.key + (required.contains(.string(property.key)) ? "" : "?")
                if case .map(let schema) = property.value, case .list(let values)? = schema["enum"] {
                    var words: [String] = []
                    for value in values { words.append(try word(value)) }
                    argument += ": " + words.joined(separator: "|")
                }
                arguments.append(argument)
            }
        }
        let head = "\(tool.name)(\(arguments.joined(separator: ", ")))"
        let summary = tool.shownSummary.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return summary.isEmpty ? head : "\(head): \(summary)"
    }

    private static func word(_ value: TemplateValue) throws(TemplateError) -> String {
        if case .string(let text) = value { text } else { try value.json() }
    }

    private struct Example {
        let request: String
        /// The words that answer it, behind the call's result where there is a call.
        var answer = ""
        var call: ChatToolCall?
        var result: String?

        init(_ request: String, answer: String) { (self.request, self.answer) = (request, answer) }

        init(
            _ request: String, _ name: String, _ arguments: TemplateMap, result: String? = nil, answer: String = ""
        ) {
            self.request = request
            call = ChatToolCall(name: name, arguments: arguments)
            (self.result, self.answer) = (result, answer)
        }

        func messages(demandsCall: Bool) -> [ChatMessage] {
            let request = ChatMessage(role: .user, content: request)
            guard let call else { return [request, ChatMessage(role: .assistant, content: answer)] }
            let called = ChatMessage(role: .assistant, content: "", toolCalls: [call])
            guard let result, !demandsCall else { return [request, called] }
            return [
                request, called,
                ChatMessage(
                    role: .tool, content: result,
                    toolResponses: [ChatToolResponse(toolName: call.name, content: result)]),
                ChatMessage(role: .assistant, content: answer),
            ]
        }
    }

    private static let examples = [
        Example("Hello!", answer: "Hello! How can I help you?"),
        Example(
            "Paint the wall of the bathroom in dark green.", "paint_wall", ["wall": "bathroom", "color": "dark green"]),
        // Without a result that is answered in words, a small model calls again instead.
        Example(
            "Count the birds in Kyoto for 3 hours.", "count_birds", ["place": "Kyoto", "hours": 3], result: "214",
            answer: "The answer is 214 birds."),
        Example("Water the roses of Emma Stone.", "water_plants", ["plants": "roses", "owner": "Emma Stone"]),
        Example("Lend the book Dune to Jack.", "lend_book", ["title": "Dune", "to": "Jack"]),
        Example("Send 3 boxes of apples to Lima.", "send_boxes", ["content": "apples", "count": 3, "city": "Lima"]),
        Example("What is a river?", answer: "A river is a large stream of water that flows to the sea."),
        Example("Make the alarm ring at 06:45.", "set_alarm", ["time": "06:45"]),
    ]
}
