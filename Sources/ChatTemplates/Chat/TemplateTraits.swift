/// The parts of a conversation that a template supports, found by trying it.
///
/// A template says nowhere what it supports.  It is rendered once per part, when a model is loaded, and the part's text
/// is looked for in the result.
struct TemplateTraits: Sendable, Equatable {
    /// A system message of a conversation without tools.
    private var hasSystemAlone = false
    /// A system message beside tools, which some templates show nowhere else and others replace.
    private var hasSystemBesideTools = false
    var hasTools = false
    /// Calls of an assistant message and the tool messages that answer them.
    var hasCalls = false
    /// Several calls in one message.
    var hasSeveralCalls = false

    init(of template: Template, _ variables: TemplateMap) {
        func finds(_ wanted: [String], _ messages: [TemplateValue], tools: TemplateValue = .null) -> Bool {
            var variables = variables
            variables["messages"] = .list(messages)
            variables["tools"] = tools
            variables["add_generation_prompt"] = true
            guard let prompt = try? template.render(variables, today: TemplateDate(year: 2024, month: 7, day: 26))
            else {
                return false
            }
            let text = prompt.text
            return wanted.allSatisfy { text.contains($0) }
        }
        func say(_ role: String, _ content: String) -> TemplateValue {
            ["role": .control(role), "content": .string(content)]
        }
        func call(_ name: String, _ id: String) -> TemplateValue {
            ["type": "function", "id": .string(id), "function": ["name": .string(name), "arguments": ["q": "1"]]]
        }
        func result(_ content: String, _ id: String) -> TemplateValue {
            ["role": .control("tool"), "content": .string(content), "tool_call_id": .string(id), "name": "Xcall"]
        }
        let user = say("user", "Xuser")
        let tool = TemplateValue.map(ChatTool(name: "Xtool", summary: "x", parameters: [:]).definition)
        let instructed = [say("system", "Xsystem"), user]
        hasSystemAlone = finds(["Xsystem", "Xuser"], instructed)
        hasTools = finds(["Xtool"], [user], tools: [tool]) || finds(["Xtool"], instructed, tools: [tool])
        hasSystemBesideTools = hasTools && finds(["Xsystem", "Xuser", "Xtool"], instructed, tools: [tool])
        let one: TemplateValue = [
            "role": .control("assistant"), "content": "", "tool_calls": [call("Xcall", "call00001")],
        ]
        hasCalls = finds(["Xcall", "Xresult"], [user, one, result("Xresult", "call00001")], tools: [tool])
        let two: TemplateValue = [
            "role": .control("assistant"), "content": "",
            "tool_calls": [call("Xcall", "call00001"), call("Yother", "call00002")],
        ]
        hasSeveralCalls =
            hasCalls
            && finds(
                ["Xcall", "Yother", "Xresult", "Yresult"],
                [user, two, result("Xresult", "call00001"), result("Yresult", "call00002")], tools: [tool])
    }

    func hasSystem(besideTools: Bool) -> Bool { besideTools ? hasSystemBesideTools : hasSystemAlone }
}
