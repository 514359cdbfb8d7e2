/// PLACEHOLDER face; being written.
package struct ChatFormat: Sendable {
    package enum Builtin: Sendable, CaseIterable { case llama3, llama31, chatML }
    package init(template: String, bosToken: String, eosToken: String, limits: TemplateLimits = .init()) throws(TemplateError) {
        throw TemplateError(.syntax, line: 0, "not yet")
    }
    package init(builtin: Builtin, bosToken: String) {}
    package static func choose(
        template: String?, bosToken: String, eosToken: String, hasToken: (String) -> Bool
    ) throws(TemplateError) -> ChatFormat { throw TemplateError(.syntax, line: 0, "not yet") }
    package func prompt(_ conversation: ChatConversation) throws(TemplateError) -> Prompt { Prompt(segments: []) }
    /// Texts of the control tokens that end a reply (those the vocabulary has count).
    package var stopTokens: [String] { [] }
}
