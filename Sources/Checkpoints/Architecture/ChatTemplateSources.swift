/// A model's chat templates, as their authors wrote them.
package struct ChatTemplateSources: Sendable, Equatable {
    /// The names that transformers gives to them where there are several.
    static let (plainName, toolsName) = ("default", "tool_use")

    /// For a conversation that offers no tools, and for all where there is no other.
    package let plain: String
    /// For a conversation that offers tools; nil: it has `plain`.
    package let tools: String?

    /// - Parameter tools: empty counts as none.
    package init(plain: String, tools: String? = nil) {
        (self.plain, self.tools) = (plain, tools?.isEmpty == true ? nil : tools)
    }

    /// All of their words.
    package var text: String { plain + (tools ?? "") }
}
