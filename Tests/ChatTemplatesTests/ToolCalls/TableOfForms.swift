@testable import ChatTemplates

/// How models write calls: one row for each form, and for each way in which public reports show it broken.
enum TableOfForms {
    static let all = tagged + bare + mistral + functionTags + deepSeek + functionary + python + lists
        + thoughts + slips + text

    static let hermes = CallForms(template: "<tool_call>", hasTools: true)
    static let hermesTokens: Set<ReplyMark> = [.toolCall, .toolCallEnd]
    static let paris = #"{"name": "get_weather", "arguments": {"city": "Paris"}}"#
    static let oslo = #"{"name": "get_weather", "parameters": {"city": "Oslo"}}"#

    /// SmolLM2, Hermes, Qwen, Granite.
    static let tagged = [
        WrittenReply("SmolLM2", "<tool_call>[\(paris)]</tool_call>", calls: [weather("Paris")]),
        WrittenReply(
            "SmolLM2, several", "<tool_call>[\n\(paris),\n{\"name\": \"now\", \"arguments\": {}}\n]</tool_call>",
            calls: [weather("Paris"), now]),
        WrittenReply("SmolLM2, an empty list is no call", "<tool_call>[]</tool_call>"),
        WrittenReply("SmolLM2, an empty list and words", "<tool_call>[]</tool_call>\nHello.", text: "Hello."),
        WrittenReply("SmolLM2, no end mark", "<tool_call>[\(paris)]", calls: [weather("Paris")]),
        WrittenReply(
            "Hermes", "<tool_call>\n\(paris)\n</tool_call>", tokens: hermesTokens, forms: hermes,
            calls: [weather("Paris")]),
        WrittenReply("Hermes, marks as text", "<tool_call>\n\(paris)\n</tool_call>", calls: [weather("Paris")]),
        WrittenReply(
            "Hermes, words around", "I look.\n<tool_call>\n\(paris)\n</tool_call>\nWait.", tokens: hermesTokens,
            forms: hermes, calls: [weather("Paris")], text: "I look.\nWait."),
        WrittenReply(
            "Qwen, two calls", "<tool_call>\n\(paris)\n</tool_call>\n<tool_call>\n\(oslo)\n</tool_call>",
            tokens: hermesTokens, forms: hermes, calls: [weather("Paris"), weather("Oslo")]),
        WrittenReply(
            "Qwen, two calls between one pair of marks", "<tool_call>\n\(paris)\n\(oslo)\n</tool_call>",
            tokens: hermesTokens, forms: hermes, calls: [weather("Paris"), weather("Oslo")]),
        WrittenReply(
            "Qwen, in a code block", "<tool_call>\n```json\n\(paris)\n```\n</tool_call>", forms: hermes,
            calls: [weather("Paris")]),
        WrittenReply("Qwen, the mark forgotten", paris, tokens: hermesTokens, forms: hermes, calls: [weather("Paris")]),
        WrittenReply(
            "Hermes, an end mark inside a text",
            #"<tool_call>{"name":"send","arguments":{"to":["x"],"text":"write </tool_call> here"}}</tool_call>"#,
            forms: hermes, calls: [send("write </tool_call> here")]),
        WrittenReply(
            "Hermes, an end mark's token inside a text",
            #"<tool_call>{"name":"send","arguments":{"to":["x"],"text":"write </tool_call> here"}}</tool_call>"#,
            tokens: hermesTokens, forms: hermes, calls: [send("write </tool_call> here")]),
        WrittenReply(
            "Hermes, a whole call inside a text",
            #"<tool_call>{"name":"send","arguments":{"to":["x"],"text":"<tool_call>{\"name\":\"now\"}</tool_call>"}}</tool_call>"#,
            calls: [send(#"<tool_call>{"name":"now"}</tool_call>"#)]),
        WrittenReply(
            "Granite 3", "<|tool_call|>[\(paris)]", forms: CallForms(template: "<|tool_call|>", hasTools: true),
            calls: [weather("Paris")]),
        WrittenReply(
            "Granite 3, a space and a token", "<|tool_call|> [\(paris)]", tokens: [.graniteCall],
            calls: [weather("Paris")]),
        WrittenReply(
            "Granite 3, the name as type",
            #"<|tool_call|>[{"arguments": {"city": "Paris"}, "type": "get_weather"}]"#, calls: [weather("Paris")]),
        WrittenReply(
            "Granite 4, arguments as text",
            #"<tool_call>{"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}</tool_call>"#,
            tokens: hermesTokens, calls: [weather("Paris")]),
        WrittenReply(
            "Granite code", "<function_call> \(paris)", calls: [weather("Paris")]),
        WrittenReply(
            "Nemotron", "<TOOLCALL>[\(paris)]</TOOLCALL>", forms: CallForms(template: "<TOOLCALL>", hasTools: true),
            calls: [weather("Paris")]),
        WrittenReply(
            "Phi 4", "<|tool_call|>[\(paris)]<|/tool_call|>", tokens: [.graniteCall], calls: [weather("Paris")]),
        WrittenReply(
            "no arguments as an empty list", #"<tool_call>{"name": "now", "arguments": []}</tool_call>"#, calls: [now]),
        WrittenReply("no arguments", #"<tool_call>{"name": "now", "id": "1"}</tool_call>"#, calls: [now]),
        WrittenReply(
            "a name with a space", #"<tool_call>{"name": "ask Ute", "arguments": {}}</tool_call>"#, calls: [ask([:])]),
        WrittenReply(
            "OpenAI's nesting",
            #"<tool_call>{"type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}}</tool_call>"#,
            calls: [weather("Paris")]),
    ]

    private static let llama = CallForms(template: "<|python_tag|>", hasTools: true)

    /// Llama 3.1 to 4.
    static let bare = [
        WrittenReply("Llama 3", oslo, forms: llama, calls: [weather("Oslo")]),
        WrittenReply(
            "Llama 3, with its type", #"{"type": "function", "name": "get_weather", "parameters": {"city": "Oslo"}}"#,
            calls: [weather("Oslo")]),
        WrittenReply(
            "Llama 3, escaped", #"{"name": "get_weather", "parameters": {"city": "K\u00f6ln \ud83d\ude42"}}"#,
            calls: [weather("Köln 🙂")]),
        WrittenReply(
            "Llama 3, semicolons", "\(oslo); \(paris);\(oslo)",
            calls: [weather("Oslo"), weather("Paris"), weather("Oslo")]),
        WrittenReply("Llama 3, commas", "\(oslo), \(paris)", calls: [weather("Oslo"), weather("Paris")]),
        WrittenReply("Llama 3, lines", "\(oslo)\n\(paris)\n", calls: [weather("Oslo"), weather("Paris")]),
        WrittenReply("Llama 3, a list", "[\(oslo), \(paris)]", calls: [weather("Oslo"), weather("Paris")]),
        WrittenReply(
            "Llama 3, words behind", "\(oslo) \n\nWould you like more?", calls: [weather("Oslo")],
            text: "Would you like more?"),
        WrittenReply(
            "Llama 3, words before", "I'll look that up.\n\n\(oslo)", forms: llama, calls: [weather("Oslo")],
            text: "I'll look that up.\n\n"),
        WrittenReply(
            "Llama 3, words around", "Here: \(oslo) Done; {x}", forms: llama, calls: [weather("Oslo")],
            text: "Here: Done; {x}"),
        WrittenReply(
            "Llama 3, a semicolon and words", "\(oslo); and so on", calls: [weather("Oslo")], text: "; and so on"),
        WrittenReply("Llama 3, in a code block", "```json\n\(oslo)\n```", calls: [weather("Oslo")]),
        WrittenReply("Llama 3.1, the tag", "<|python_tag|>\(oslo)", forms: llama, calls: [weather("Oslo")]),
        WrittenReply(
            "Llama 3.1, the tag's token", "<|python_tag|>\(oslo); \(paris)", tokens: [.pythonTag], forms: llama,
            calls: [weather("Oslo"), weather("Paris")]),
        WrittenReply(
            "Llama 3.1, a header",
            "<|start_header_id|>assistant<|end_header_id|>\n\n<|python_tag|>\(oslo)", calls: [weather("Oslo")]),
        WrittenReply(
            "Llama 3.1, a built-in tool", #"<|python_tag|>brave_search.call(query="a "b" c")"#, tokens: [.pythonTag],
            calls: [search("a \"b\" c")]),
        WrittenReply(
            "Llama 3.1, a built-in tool and words", "brave_search.call(query=\"Oslo\")\nI search.",
            calls: [search("Oslo")], text: "I search."),
        WrittenReply(
            "Llama 3.1, code", "<|python_tag|>print(1)\nprint({\"a\": 2})", tokens: [.pythonTag],
            calls: [ChatToolCall(name: "code_interpreter", arguments: ["code": "print(1)\nprint({\"a\": 2})"])]),
        WrittenReply("Llama 3.2, Python", "[get_weather(city='Oslo'), now()]", calls: [weather("Oslo"), now]),
        WrittenReply(
            "Llama 3.2, Python and words", "[get_weather(city=\"Oslo\")] and more", calls: [weather("Oslo")],
            text: "and more"),
        WrittenReply(
            "Llama 3.2, Python's values",
            #"[now(a=1, b=-2.5, c=True, d=None, e=[1, 'x'], f={"k": (1, 2)}, g="it's",)]"#,
            calls: [
                ChatToolCall(
                    name: "now",
                    arguments: [
                        "a": 1, "b": -2.5, "c": true, "d": nil, "e": [1, "x"], "f": ["k": [1, 2]], "g": "it's",
                    ])
            ]),
        WrittenReply(
            "Llama 3, a built-in tool as JSON", #"{"name": "brave_search", "parameters": {"q": "swift", "n": 3}}"#,
            calls: [search("swift")]),
    ]

    private static func search(_ query: String) -> ChatToolCall {
        ChatToolCall(name: "web_search", arguments: ["query": .string(query)])
    }

    private static let mistralForms = CallForms(template: "[TOOL_CALLS]", hasTools: true)
    private static let mistralTokens: Set<ReplyMark> = [.toolCalls, .callID, .arguments]

    static let mistral = [
        WrittenReply("Mistral, first age", "[TOOL_CALLS] [\(paris)]", forms: mistralForms, calls: [weather("Paris")]),
        WrittenReply(
            "Mistral, first age, its token",
            #"[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Paris"}, "id": "abcdefghi"}]"#,
            tokens: [.toolCalls], forms: mistralForms, calls: [weather("Paris")]),
        WrittenReply(
            "Mistral, first age, words behind", "[TOOL_CALLS] [\(paris)]\n\nLet me check.", forms: mistralForms,
            calls: [weather("Paris")], text: "Let me check."),
        WrittenReply(
            "Mistral, second age",
            #"[TOOL_CALLS]get_weather[CALL_ID]abc123def[ARGS]{"city": "Paris"}[TOOL_CALLS]now[CALL_ID]b[ARGS]{}"#,
            tokens: mistralTokens, forms: mistralForms, calls: [weather("Paris"), now]),
        WrittenReply(
            "Mistral, second age, marks as text",
            #"[TOOL_CALLS]get_weather[CALL_ID]abc123def[ARGS]{"city": "Paris"}"#, calls: [weather("Paris")]),
        WrittenReply(
            "Mistral, without ids", #"[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}"#, tokens: mistralTokens,
            calls: [weather("Paris")]),
        WrittenReply(
            "Mistral, third age", #"[TOOL_CALLS]get_weather{"city": "Paris"}[TOOL_CALLS]now{}"#,
            tokens: mistralTokens, calls: [weather("Paris"), now]),
        WrittenReply(
            "Mistral, third age, words around", "Well. [TOOL_CALLS]get_weather {\"city\": \"Paris\"}\n\nI look.",
            tokens: mistralTokens, calls: [weather("Paris")], text: "Well. I look."),
        WrittenReply(
            "Mistral, a mark inside a text", #"[TOOL_CALLS]send{"to": ["x"], "text": "[TOOL_CALLS]now[ARGS]{}"}"#,
            tokens: mistralTokens, calls: [send("[TOOL_CALLS]now[ARGS]{}")]),
        WrittenReply(
            "Mistral, a name with a space", #"[TOOL_CALLS]ask Ute[ARGS]{"rows": null}"#, tokens: mistralTokens,
            calls: [ask(["rows": nil])]),
        WrittenReply("Mistral, no arguments", "[TOOL_CALLS]now", tokens: mistralTokens, calls: [now]),
    ]

    private static func ask(_ arguments: TemplateMap) -> ChatToolCall {
        ChatToolCall(name: "ask Ute", arguments: arguments)
    }

    private static let days = ChatToolCall(
        name: "get_weather", arguments: ["city": "Paris", "days": 2, "hourly": true])

    /// Llama 3.1, functionary 3.1, Qwen3-Coder.
    static let functionTags = [
        WrittenReply(
            "a function tag", #"I'll look. <function=get_weather>{"city": "Paris"}</function>"#,
            calls: [weather("Paris")], text: "I'll look. "),
        WrittenReply(
            "functionary 3.1, two",
            #"<function=get_weather>{"city": "Paris"}</function><function=now>{}</function>"#,
            calls: [weather("Paris"), now]),
        WrittenReply(
            "Qwen3-Coder",
            """
            <tool_call>
            <function=get_weather>
            <parameter=city>
            Paris
            </parameter>
            <parameter=days>
            2
            </parameter>
            <parameter=hourly>
            True
            </parameter>
            </function>
            </tool_call>
            """, tokens: hermesTokens, forms: hermes, calls: [days]),
        WrittenReply(
            "Qwen3-Coder, the opening mark forgotten",
            "I do.\n\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>",
            forms: hermes, calls: [weather("Paris")], text: "I do.\n\n"),
        WrittenReply(
            "Qwen3-Coder, on one line", "<function=get_weather><parameter=city>Paris</parameter></function>",
            forms: hermes, calls: [weather("Paris")]),
        WrittenReply(
            "Qwen3-Coder, a parameter's end forgotten",
            "<function=get_weather>\n<parameter=city>\nParis\n<parameter=days>\n2\n</parameter>\n</function>",
            calls: [ChatToolCall(name: "get_weather", arguments: ["city": "Paris", "days": 2])]),
        WrittenReply(
            "Qwen3-Coder, marks and lines inside a text",
            "<function=send>\n<parameter=to>\n[\"x\"]\n</parameter>\n<parameter=text>\na\n</parameter> b </function>\n</parameter>\n</function>",
            calls: [send("a\n</parameter> b </function>")]),
        WrittenReply(
            "Qwen3-Coder, a name with a space, a list",
            "<function=ask Ute>\n<parameter=rows>\n[1, 2]\n</parameter>\n</function>", calls: [ask(["rows": [1, 2]])]),
        WrittenReply(
            "Qwen3-Coder, values that may be null",
            "<function=get_weather>\n<parameter=unit>\nnull\n</parameter>\n<parameter=city>\nnull\n</parameter>\n</function>",
            calls: [ChatToolCall(name: "get_weather", arguments: ["unit": nil, "city": "null"])]),
        WrittenReply("Qwen3-Coder, no parameters", "<function=now>\n</function>", calls: [now]),
        WrittenReply(
            "Qwen3-Coder, a number that is a text",
            "<function=get_weather>\n<parameter=city>\n007\n</parameter>\n</function>", calls: [weather("007")]),
    ]

    private static let calls = "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>"
    static let deepSeek = [
        WrittenReply(
            "DeepSeek's distills",
            calls + "function<｜tool▁sep｜>get_weather\n```json\n{\"city\": \"Paris\"}\n```<｜tool▁call▁end｜>"
                + "\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            calls: [weather("Paris"), now]),
        WrittenReply(
            "DeepSeek's distills, tokens",
            "Well.\n" + calls
                + "function<｜tool▁sep｜>get_weather\n```json\n{\"city\": \"Paris\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            tokens: [.deepSeekCalls, .deepSeekCall, .deepSeekSeparator, .deepSeekCallEnd, .deepSeekCallsEnd],
            calls: [weather("Paris")], text: "Well.\n"),
        WrittenReply(
            "DeepSeek 3.1",
            calls + "get_weather<｜tool▁sep｜>{\"city\": \"Paris\"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            calls: [weather("Paris")]),
    ]

    private static let recipient = CallForms(template: ">>>all", hasTools: true)
    private static let functionary2 = CallForms(template: "<|recipient|>", hasTools: false)
    private static let functionary2Tokens: Set<ReplyMark> = [.from, .recipientName, .content]
    static let functionary = [
        WrittenReply(
            "functionary 2", "get_weather\n<|content|>{\"city\": \"Paris\"}", tokens: functionary2Tokens,
            forms: functionary2, beginning: .recipient(.recipientName), calls: [weather("Paris")]),
        WrittenReply(
            "functionary 2, words first, two calls",
            "all\n<|content|>I look.\n<|from|>assistant\n<|recipient|>get_weather\n<|content|>{\"city\": \"Paris\"}\n"
                + "<|from|>assistant\n<|recipient|>now\n<|content|>{}", tokens: functionary2Tokens,
            forms: functionary2, beginning: .recipient(.recipientName), calls: [weather("Paris"), now],
            text: "I look.\n"),
        WrittenReply(
            "functionary 2, marks as text", "now\n<|content|>{}\n<|from|>assistant\n<|recipient|>now\n<|content|>{}",
            forms: functionary2, beginning: .recipient(.recipientName), calls: [now, now]),
        WrittenReply(
            "functionary 2, words alone", "all\n<|content|>Hello.", tokens: functionary2Tokens, forms: functionary2,
            beginning: .recipient(.recipientName), text: "Hello."),
        WrittenReply(
            "functionary 3.2", "get_weather\n{\"city\": \"Paris\"}>>>now\n{}", forms: recipient,
            beginning: .recipient(.recipient), calls: [weather("Paris"), now]),
        WrittenReply(
            "functionary 3.2, words first", "all\nI look.>>>get_weather\n{\"city\": \"Paris\"}", forms: recipient,
            beginning: .recipient(.recipient), calls: [weather("Paris")], text: "I look."),
        WrittenReply(
            "functionary 3.2, words alone", "all\nTwo > one >>> none", forms: recipient,
            beginning: .recipient(.recipient), text: "Two > one >>> none"),
    ]
}
