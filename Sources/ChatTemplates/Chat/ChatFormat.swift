/// How one model is spoken to: its template, and what to do where the template does not know a part of a conversation.
///
/// Build once per model; any thread may make prompts, several at once.
package struct ChatFormat: Sendable {
    package enum Builtin: Sendable, CaseIterable { case llama3, llama31, chatML }

    private let plain: ChatTemplate
    /// For conversations that offer tools, and for what a model writes of calls: `plain` where there is no other.
    let forTools: ChatTemplate
    /// The texts of control tokens that end a reply.  A vocabulary need not have all of them.
    package let stopTokens: [String]

    /// A format by the templates of a model file.
    /// - Parameters:
    ///   - toolTemplate: for conversations that offer tools; nil: the same.
    ///   - bosToken, eosToken: the texts of the vocabulary's begin and end tokens; empty for none.
    package init(
        template source: String, toolTemplate: String? = nil, bosToken: String, eosToken: String,
        limits: TemplateLimits = .init()
    ) throws(TemplateError) {
        plain = try ChatTemplate(source, bosToken: bosToken, eosToken: eosToken, limits: limits)
        if let toolTemplate {
            forTools = try ChatTemplate(toolTemplate, bosToken: bosToken, eosToken: eosToken, limits: limits)
        } else {
            forTools = plain
        }
        let written = source + (toolTemplate ?? "")
        var stops = Self.knownStops.filter { written.contains($0) }
        if !eosToken.isEmpty, !stops.contains(eosToken) { stops.append(eosToken) }
        stopTokens = stops
    }

    /// A format of ours, for a model file without a template.
    package init(builtin: Builtin, bosToken: String = "", eosToken: String = "") throws(TemplateError) {
        let source =
            switch builtin {
            case .llama3: BuiltinTemplates.llama3
            case .llama31: BuiltinTemplates.llama31
            case .chatML: BuiltinTemplates.chatML
            }
        let begin = builtin == .chatML || !bosToken.isEmpty ? bosToken : "<|begin_of_text|>"
        try self.init(template: source, bosToken: begin, eosToken: eosToken)
    }

    private static let knownStops = [
        "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end_of_text|>", "<|endoftext|>", "<|end|>", "<|stop|>",
        "</s>",
    ]

    /// The format of a model: its own templates, else the built-in form that its vocabulary was made for.
    /// - Parameter hasToken: whether the vocabulary has a control token of this text.
    package static func choose(
        template: String?, toolTemplate: String? = nil, bosToken: String, eosToken: String, hasToken: (String) -> Bool
    ) throws(TemplateError) -> ChatFormat {
        if let template, !template.isEmpty {
            return try ChatFormat(
                template: template, toolTemplate: toolTemplate, bosToken: bosToken, eosToken: eosToken)
        }
        if hasToken("<|start_header_id|>") {
            let isLater = hasToken("<|eom_id|>") && hasToken("<|python_tag|>")
            return try ChatFormat(builtin: isLater ? .llama31 : .llama3, bosToken: bosToken, eosToken: eosToken)
        }
        if hasToken("<|im_start|>") { return try ChatFormat(builtin: .chatML, bosToken: bosToken, eosToken: eosToken) }
        throw TemplateError(
            .evaluation, line: 0,
            "the model file has no chat template, and its vocabulary has neither <|start_header_id|> (Llama 3) nor <|im_start|> "
                + "(ChatML); use the completion route, or a file whose metadata has tokenizer.chat_template")
    }

    /// The name that the model calls a tool by.
    package func nameForModel(_ tool: ChatTool) -> String {
        forTools.namesBuiltins ? tool.builtin?.nameForModel ?? tool.name : tool.name
    }

    /// Whether the template tells its model of tools; where it does not, our own words do.
    package var hasTools: Bool { forTools.traits.hasTools }

    /// The prompt for a conversation. It begins with the begin-of-text token where the format wants one: a tokeniser
    /// must not add another.
    ///
    /// Throws `TemplateError`: `refused` where the template turns the conversation down, `limit` where it is too much.
    package func prompt(_ conversation: ChatConversation) throws(TemplateError) -> Prompt {
        try (conversation.tools.isEmpty ? plain : forTools).prompt(conversation)
    }

    /// The template's words before an answer: what it adds to ask for one, else what ends a user's message.
    package var answerHeader: String {
        func asked(addsGenerationPrompt: Bool) -> Prompt? {
            let user = ChatMessage(role: .user, content: "x")
            return try? prompt(
                ChatConversation(
                    messages: [user], addsGenerationPrompt: addsGenerationPrompt,
                    today: TemplateDate(year: 2024, month: 7, day: 26)))
        }
        guard let prompt = asked(addsGenerationPrompt: true), let told = asked(addsGenerationPrompt: false) else {
            return ""
        }
        let text = prompt.text
        if text != told.text, text.hasPrefix(told.text) { return String(text.dropFirst(told.text.count)) }
        return prompt.segments.last.map { $0.isTrusted ? $0.text : "" } ?? ""
    }
}
