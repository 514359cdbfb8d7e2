import Testing

@testable import ChatTemplates

struct ToolCallParserTests {
    static let weather = ChatTool(name: "get_weather", parameters: ["city": ["type": "string"]])
    static let all = ToolCallParser(tools: [
        weather, ChatTool(name: "now"), ChatTool(name: "web_search"), ChatTool(name: "math"),
        ChatTool(name: "image_gen"), ChatTool(name: "code_interpreter"),
    ])
    static let koeln = ChatToolCall(name: "get_weather", arguments: ["city": "Köln"])

    @Test(
        "every form of a call is understood",
        arguments: [
            #"{"type": "function", "name": "get_weather", "parameters": {"city": "Köln"}}"#,
            #"{"name": "get_weather", "parameters": {"city": "K\u00f6ln"}}"#,
            #"{"name": "get_weather", "arguments": {"city": "Köln"}}"#,
            #"{"type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Köln\"}"}}"#,
            #"<|python_tag|>{"type": "function", "name": "get_weather", "parameters": {"city": "Köln"}}<|eom_id|>"#,
            "<|start_header_id|>assistant<|end_header_id|>\n\n<|python_tag|>{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Köln\"}}<|eot_id|>",
            #"<function=get_weather>{"city": "Köln"}</function><|eot_id|>"#,
            #"I'll look. <function=get_weather>{"city": "Köln"}</function>"#,
            #"[get_weather(city="Köln")]"#, "[get_weather(city='Köln',)]".replacing(",)", with: ")"),
            "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Köln\"}}\n</tool_call>",
            "<think>\nHm.\n</think>\n\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Köln\"}}\n</tool_call><|im_end|>",
            #"[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Köln"}, "id": "abcdefghi"}]</s>"#,
            #"[TOOL_CALLS]get_weather{"city": "Köln"}"#, #"[TOOL_CALLS]get_weather[ARGS]{"city": "Köln"}"#,
            #"  {"name": "get_weather", "parameters": {"city": "Köln"}}  "#,
        ])
    func forms(reply: String) {
        let parsed = Self.all.parse(reply)
        #expect(parsed.toolCalls == [Self.koeln])
        #expect(parsed.content == "")
    }

    @Test(
        "calls of built-in tools come by the draft's names",
        arguments: [
            (#"<|python_tag|>brave_search.call(query="a "b" c")<|eom_id|>"#, "web_search", "query", #"a "b" c"#),
            (#"wolfram_alpha.call(query="1+1")"#, "math", "query", "1+1"),
            (#"photogen.call(query="cat")"#, "image_gen", "query", "cat"),
            ("<|python_tag|>print(1)\nprint(2)<|eom_id|>", "code_interpreter", "code", "print(1)\nprint(2)"),
            (#"{"name": "brave_search", "parameters": {"q": "swift", "n": 3}}"#, "web_search", "query", "swift"),
            (#"[wolfram_alpha(x="2")]"#, "math", "query", "2"),
            (#"<function=web_search>{"text": "z"}</function>"#, "web_search", "query", "z"),
        ])
    func builtins(reply: String, name: String, argument: String, value: String) {
        let parsed = Self.all.parse(reply)
        #expect(parsed.toolCalls == [ChatToolCall(name: name, arguments: TemplateMap([(argument, .string(value))]))])
    }

    @Test(
        "several calls come in their order",
        arguments: [
            #"[get_weather(city="A"), now(), get_weather(city="B")]"#,
            #"<tool_call>{"name":"get_weather","arguments":{"city":"A"}}</tool_call><tool_call>{"name":"now","arguments":{}}</tool_call><tool_call>{"name":"get_weather","arguments":{"city":"B"}}</tool_call>"#,
            #"[TOOL_CALLS][{"name":"get_weather","arguments":{"city":"A"}},{"name":"now"},{"name":"get_weather","arguments":{"city":"B"}}]"#,
        ])
    func several(reply: String) {
        #expect(Self.all.parse(reply).toolCalls.map(\.name) == ["get_weather", "now", "get_weather"])
        #expect(Self.all.parse(reply).toolCalls.map(\.arguments["city"]) == ["A", nil, "B"])
    }

    @Test("values keep their kinds")
    func values() {
        let parsed = Self.all.parse(#"[now(a=1, b=-2.5, c=True, d=None, e=[1, 'x'], f={"k": (1, 2)}, g="it's")]"#)
        #expect(
            parsed.toolCalls == [
                ChatToolCall(
                    name: "now",
                    arguments: [
                        "a": 1, "b": -2.5, "c": true, "d": nil, "e": [1, "x"], "f": ["k": [1, 2]], "g": "it's",
                    ])
            ])
    }

    @Test(
        "text that is no call stays as it was",
        arguments: [
            "Hello.", "", "{\"answer\": 42}", "{\"name\": \"Bob\"}", "{\"name\": \"get_weather\", \"parameters\": {",
            "[1] A footnote.", "[f(1)]", "[]", "{}",
            "<tool_call>nothing</tool_call>", "<function=x>{broken</function>", "[TOOL_CALLS] what",
            "call brave_search.call(query=\"x\") now",
            "{\"name\": 5, \"parameters\": {}}", "{\"name\": \"get_weather\", \"parameters\": [1]}",
            "[get_weather(city=\"A\")] and more", "  spaced  ",
        ])
    func text(reply: String) {
        let parsed = Self.all.parse(reply)
        #expect(parsed.toolCalls.isEmpty)
        #expect(parsed.content == reply)
    }

    @Test("the end token says whether the turn is over")
    func endings() {
        #expect(Self.all.parse("x<|eom_id|>") == ParsedReply(content: "x", toolCalls: [], ending: .endOfMessage))
        #expect(Self.all.parse("x<|eot_id|>") == ParsedReply(content: "x", toolCalls: [], ending: .endOfTurn))
        #expect(Self.all.parse("x").ending == nil)
    }

    @Test("without tools nothing is a call")
    func noTools() {
        let reply = #"{"name": "get_weather", "parameters": {}}"#
        #expect(ToolCallParser(tools: []).parse(reply).content == reply)
    }

    @Test("code is a call only where code can be run")
    func code() {
        let parsed = ToolCallParser(tools: [Self.weather]).parse("<|python_tag|>print(1)<|eom_id|>")
        #expect(parsed == ParsedReply(content: "print(1)", toolCalls: [], ending: .endOfMessage))
    }

    @Test("a call beyond its limits is text")
    func limits() {
        let long = #"{"name": "get_weather", "parameters": {"city": "\#(String(repeating: "x", count: 70_000))"}}"#
        #expect(Self.all.parse(long).content == long)
        let deep =
            #"{"name": "get_weather", "parameters": {"city": \#(String(repeating: "[", count: 5000))\#(String(repeating: "]", count: 5000))}}"#
        #expect(Self.all.parse(deep).content == deep)
    }

    @Test("text before a call is kept aside")
    func leading() {
        #expect(Self.all.parse("Let me see. <tool_call>{\"name\": \"now\"}</tool_call>").leadingText == "Let me see. ")
    }
}
