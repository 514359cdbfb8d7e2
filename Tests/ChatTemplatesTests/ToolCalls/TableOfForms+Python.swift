@testable import ChatTemplates

/// Calls in the notation of Python, and lists of calls under a word.
extension TableOfForms {
    private static let call = "get_weather(city=\"Paris\")"

    static let python = [
        WrittenReply("Granite 3.3, a bare call", call, calls: [weather("Paris")]),
        WrittenReply("bare calls on lines", "\(call)\nnow()\n", calls: [weather("Paris"), now]),
        WrittenReply("a bare call, words behind", "\(call) tells it.", text: "\(call) tells it."),
        WrittenReply("a bare call that was cut off", call, text: call, isCutOff: true),
        WrittenReply("a bare call after words", "Use:\n\(call)", text: "Use:\n\(call)"),
        WrittenReply("a bare call with a place for a name", "get_weather(\"Paris\")", text: "get_weather(\"Paris\")"),
        WrittenReply("a bare call of another", "search(query=\"x\")", text: "search(query=\"x\")"),
        WrittenReply("between Hermes' marks", "<tool_call>\n\(call)\n</tool_call>", calls: [weather("Paris")]),
        WrittenReply("Gemma 3", "```tool_code\n\(call)\n```", calls: [weather("Paris")]),
        WrittenReply(
            "Gemma 3, words around", "I look.\n```tool_code\n\(call)\nnow()\n```\nWait.",
            calls: [weather("Paris"), now], text: "I look.\nWait."),
        WrittenReply("Gemma 3, a list", "```tool_code\n[\(call), now()]\n```", calls: [weather("Paris"), now]),
        WrittenReply(
            "Gemma 3, other code", "```tool_code\nx = 1\n```", text: "```tool_code\nx = 1\n```"),
        WrittenReply(
            "MiniCPM", "<|tool_call_start|>\n```python\n\(call)\nnow()\n```\n<|tool_call_end|>Wait.",
            tokens: [.toolCallStart, .toolCallStop], calls: [weather("Paris"), now], text: "Wait."),
    ]

    static let lists = [
        WrittenReply("Firefunction", " functools[\(paris)]", calls: [weather("Paris")]),
        WrittenReply(
            "Phi 4 mini, words first", "I look.\n\nfunctools[\(paris), \(oslo)]",
            calls: [weather("Paris"), weather("Oslo")], text: "I look.\n\n"),
        WrittenReply("functools in prose", "Use functools[0].", text: "Use functools[0]."),
        WrittenReply("xLAM", "{\"tool_calls\": [\(paris), \(oslo)]}", calls: [weather("Paris"), weather("Oslo")]),
        WrittenReply("xLAM, none", "{\"tool_calls\": []}", text: "{\"tool_calls\": []}"),
        WrittenReply(
            "Qwen2.5-Coder", "<tools>\n\(paris)\n</tools>", forms: hermes, calls: [weather("Paris")]),
        WrittenReply(
            "Qwen2.5-Coder, two", "<tools>\n\(paris)\n\(oslo)\n</tools>", forms: hermes,
            calls: [weather("Paris"), weather("Oslo")]),
        WrittenReply(
            "a definition between the marks of tools",
            "<tools>{\"type\": \"function\", \"function\": {\"name\": \"now\", \"parameters\": {\"type\": \"object\", "
                + "\"properties\": {}}}}</tools>", forms: hermes,
            text: "<tools>{\"type\": \"function\", \"function\": {\"name\": \"now\", \"parameters\": {\"type\": \"object\", "
                + "\"properties\": {}}}}</tools>"),
    ]
}
