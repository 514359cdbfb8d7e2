import Testing

@testable import ChatTemplates

struct PlainToolsTests {
    @Test("a tool is one line: arguments, those that may be left out, and the values of an enumeration")
    func line() throws {
        let tool = ChatTool(
            name: "get_weather",
            parameters: [
                "description": "Tells the weather\n of a city.", "type": "object",
                "properties": [
                    "city": ["type": "string"], "unit": ["type": "string", "enum": ["celsius", "fahrenheit"]],
                    "days": ["type": "integer", "enum": [1, 7]],
                ],
                "required": ["city", "days"],
            ])
        #expect(
            try PlainTools.line(tool)
                == "get_weather(city, unit?: celsius|fahrenheit, days: 1|7): Tells the weather of a city.")
        #expect(try PlainTools.line(ChatTool(name: "now")) == "now()")
        let named = ChatTool(
            name: "f", summary: "Does.", parameters: ["a": ["param_type": "str"], "b": ["required": false]])
        #expect(try PlainTools.line(named) == "f(a, b?): Does.")
    }

    @Test("no worked call is one of an offered tool")
    func examples() throws {
        let all = try PlainTools.described([ChatTool(name: "f")]).examples
        let some = try PlainTools.described([ChatTool(name: "lend_book"), ChatTool(name: "set_alarm")]).examples
        #expect(all.count == 18)
        #expect(some.count == 14)
        let demanded = try PlainTools.described([ChatTool(name: "f")], demandsCall: true).examples
        #expect(
            demanded
                == all.filter { $0.role == .user || !$0.toolCalls.isEmpty }.filter {
                    !["Hello!", "What is a river?"].contains($0.content)
                })
        #expect(some.flatMap(\.toolCalls).allSatisfy { !["lend_book", "set_alarm"].contains($0.name) })
    }

    @Test("in a template without system messages the tools stand before the first worked call")
    func noSystem() throws {
        let source =
            "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
            + "[{{ m.role }}]{{ m.content }}{% endfor %}"
        let format = try ChatFormat(template: source, bosToken: "", eosToken: "")
        let text = try format.prompt(
            ChatConversation(messages: [ChatMessage(role: .user, content: "U")], tools: [ChatTool(name: "now")])
        ).text
        #expect(text.hasPrefix("[user]You can call"))
        #expect(text.contains("\n\nnow()\n\nHello![assistant]"))
        #expect(text.hasSuffix("[user]U"))
    }
}
