import Testing

@testable import ChatTemplates

struct ToolCallStreamTests {
    private func events(_ reply: String, by size: Int, parser: ToolCallParser? = ToolCallParserTests.all)
        -> [ToolCallStream.Event]
    {
        var stream = ToolCallStream(parser: parser)
        var events: [ToolCallStream.Event] = []
        var rest = Substring(reply)
        while !rest.isEmpty {
            events += stream.add(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return joined(events + stream.finish())
    }

    private func joined(_ events: [ToolCallStream.Event]) -> [ToolCallStream.Event] {
        events.reduce(into: []) { result, event in
            if case .text(let more) = event, case .text(let before)? = result.last {
                result[result.count - 1] = .text(before + more)
            } else {
                result.append(event)
            }
        }
    }

    @Test(
        "a call comes whole, however its text is cut",
        arguments: [
            #"{"name": "get_weather", "parameters": {"city": "Köln"}}"#,
            #"<|python_tag|>{"name": "get_weather", "parameters": {"city": "Köln"}}"#,
            #"[get_weather(city="Köln")]"#, #"<function=get_weather>{"city": "Köln"}</function>"#,
            "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Köln\"}}\n</tool_call>",
            #"[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Köln"}}]"#,
        ])
    func calls(reply: String) {
        for size in [1, 2, 3, 7, 1000] {
            #expect(events(reply, by: size) == [.call(ToolCallParserTests.koeln)], "cut by \(size)")
        }
    }

    @Test("text around calls is shown, and the white space between calls is not")
    func around() {
        let call = "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Köln\"}}</tool_call>"
        for size in [1, 5, 1000] {
            #expect(
                events("Look: \(call)\n\(call) done", by: size) == [
                    .text("Look: "), .call(ToolCallParserTests.koeln), .call(ToolCallParserTests.koeln), .text("done"),
                ])
        }
    }

    @Test(
        "what turns out to be no call comes out as it was",
        arguments: [
            "Hello.", "a < b and [c] {d}", "<tool", "<tool_call>no</tool_call> x", "{\"answer\": 1}", "{\"name\": \"x",
            "[1] See.", "[", "{", "<", "brave_searching",
            "[TOOL_CALLS] no", "<function=f>{</function>", "  \n x", "<think>a</think>b", "🙂 <|im", "[get_weather(",
            "é[f](x)",
        ])
    func text(reply: String) {
        for size in [1, 2, 1000] { #expect(events(reply, by: size) == [.text(reply)], "cut by \(size)") }
    }

    @Test("ordinary text is shown at once")
    func atOnce() {
        var stream = ToolCallStream(parser: ToolCallParserTests.all)
        #expect(stream.add("Hel") == [.text("Hel")])
        #expect(stream.add("lo [") == [.text("lo ")])
        #expect(stream.add("x]") == [.text("[x]")])
    }

    @Test("an object that cannot be a call is shown as soon as that is known")
    func earlyOut() {
        var stream = ToolCallStream(parser: ToolCallParserTests.all)
        #expect(stream.add("{\"ans") == [.text("{\"ans")])
    }

    @Test("without tools nothing is held back")
    func noTools() {
        var stream = ToolCallStream(parser: ToolCallParser(tools: []))
        #expect(stream.add("{\"name\": ") == [.text("{\"name\": ")])
        #expect(stream.finish() == [])
    }

    @Test("what is held back is bounded")
    func bounded() {
        var stream = ToolCallStream(parser: ToolCallParserTests.all)
        var shown = 0
        for _ in 0..<200 {
            for case .text(let text) in stream.add("<tool_call>" + String(repeating: "x", count: 1000)) {
                shown += text.utf8.count
            }
        }
        #expect(shown > 200 * 1011 - 70_000)
    }
}
