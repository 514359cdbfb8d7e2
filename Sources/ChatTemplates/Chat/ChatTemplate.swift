/// A chat template, and what trying it has shown of it.
struct ChatTemplate: Sendable {
    /// As it is written.
    let source: String
    let traits: TemplateTraits
    /// It tells built-in tools from others, as Llama 3.1's does.
    let namesBuiltins: Bool
    private let template: Template
    private let bosToken: String
    private let eosToken: String
    /// It writes the date in a form of its own; one that does not, as Llama 3.1's, gets it as `date_string`.
    private let asksForDate: Bool

    init(_ source: String, bosToken: String, eosToken: String, limits: TemplateLimits) throws(TemplateError) {
        (self.source, self.bosToken, self.eosToken) = (source, bosToken, eosToken)
        template = try Template(source, limits: limits)
        namesBuiltins = template.mentions("builtin_tools")
        asksForDate = template.mentions("strftime_now")
        traits = TemplateTraits(of: template, ["bos_token": .control(bosToken), "eos_token": .control(eosToken)])
    }

    func prompt(_ conversation: ChatConversation) throws(TemplateError) -> Prompt {
        let adapted = try ConversationAdapter(traits: traits, namesBuiltins: namesBuiltins).adapt(conversation)
        var variables: TemplateMap = [
            "bos_token": .control(bosToken), "eos_token": .control(eosToken), "documents": .null,
            "add_generation_prompt": .bool(conversation.addsGenerationPrompt),
        ]
        if !asksForDate { variables["date_string"] = .control(conversation.today.formatted("%d %b %Y")) }
        variables["messages"] = .list(adapted.messages)
        variables["tools"] = adapted.tools.isEmpty ? .null : .list(adapted.tools)
        if !adapted.builtins.isEmpty { variables["builtin_tools"] = .list(adapted.builtins) }
        for entry in conversation.variables.entries { variables[entry.key] = entry.value }
        return try template.render(variables, today: conversation.today)
    }
}
