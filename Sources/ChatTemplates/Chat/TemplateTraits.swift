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
    /// Tools of a conversation without a system message, beside which alone some templates show them.
    private(set) var hasToolsAlone = false
    /// A message's content is a list of parts, as of models that see images; a text shows nothing.
    private(set) var takesParts = false
    /// Calls of an assistant message and the tool messages that answer them.
    var hasCalls = false
    /// The template puts a call's arguments together with text: it wants them as JSON, not as an object.
    var takesArgumentsAsText = false
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
            ["role": .control(role), "content": Self.content(.string(content), asParts: takesParts)]
        }
        func calls(_ names: [String], isText: Bool) -> TemplateValue {
            let arguments: TemplateValue = isText ? "{\"q\": \"1\"}" : ["q": "1"]
            let calls = names.enumerated().map { place, name -> TemplateValue in
                let function: TemplateValue = ["name": .string(name), "arguments": arguments]
                return ["type": "function", "id": .string("call0000\(place + 1)"), "function": function]
            }
            let content = Self.content("", asParts: takesParts)
            return ["role": .control("assistant"), "content": content, "tool_calls": .list(calls)]
        }
        func result(_ content: String, _ id: String) -> TemplateValue {
            [
                "role": .control("tool"), "content": Self.content(.string(content), asParts: takesParts),
                "tool_call_id": .string(id), "name": "Xcall",
            ]
        }
        let tool = TemplateValue.map(ChatTool(name: "Xtool", summary: "x", parameters: [:]).definition)
        func findsUser() -> Bool {
            [.null, [tool]].contains { finds(["Xuser"], [say("user", "Xuser")], tools: $0) }
        }
        if !findsUser() {
            takesParts = true
            if !findsUser() { takesParts = false }
        }
        let user = say("user", "Xuser")
        let instructed = [say("system", "Xsystem"), user]
        hasSystemAlone = finds(["Xsystem", "Xuser"], instructed)
        hasToolsAlone = finds(["Xtool"], [user], tools: [tool])
        hasTools = hasToolsAlone || finds(["Xtool"], instructed, tools: [tool])
        hasSystemBesideTools = hasTools && finds(["Xsystem", "Xuser", "Xtool"], instructed, tools: [tool])
        func findsCall(isText: Bool) -> Bool {
            let one = calls(["Xcall"], isText: isText)
            return finds(["Xcall", "Xresult"], [user, one, result("Xresult", "call00001")], tools: [tool])
        }
        hasCalls = findsCall(isText: false)
        if !hasCalls, findsCall(isText: true) { (hasCalls, takesArgumentsAsText) = (true, true) }
        let two = calls(["Xcall", "Yother"], isText: takesArgumentsAsText)
        hasSeveralCalls =
            hasCalls
            && finds(
                ["Xcall", "Yother", "Xresult", "Yresult"],
                [user, two, result("Xresult", "call00001"), result("Yresult", "call00002")], tools: [tool])
    }

    func hasSystem(besideTools: Bool) -> Bool { besideTools ? hasSystemBesideTools : hasSystemAlone }

    /// A message's content as the template takes it.
    func content(_ text: TemplateValue) -> TemplateValue { Self.content(text, asParts: takesParts) }

    private static func content(_ text: TemplateValue, asParts: Bool) -> TemplateValue {
        asParts ? [["type": "text", "text": text]] : text
    }
}
