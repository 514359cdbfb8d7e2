/// The conversation that a model is asked to continue.
package struct ChatConversation: Sendable {
    package var messages: [ChatMessage]
    package var tools: [ChatTool]
    /// The answer is to call one of them: words are not asked for.
    package var demandsCall = false
    /// Ends the prompt with an open assistant header.
    package var addsGenerationPrompt: Bool
    /// The date of `strftime_now` and of the `Today Date:` line.
    package var today: TemplateDate
    /// Further variables of a template, such as `enable_thinking`.
    package var variables: TemplateMap

    package init(
        messages: [ChatMessage], tools: [ChatTool] = [], addsGenerationPrompt: Bool = true,
        today: TemplateDate = .now(), variables: TemplateMap = [:]
    ) {
        self.messages = messages
        self.tools = tools
        self.addsGenerationPrompt = addsGenerationPrompt
        self.today = today
        self.variables = variables
    }
}
