import ProviderKit

/// The result of one call of a tool, or the reason why there is none.
struct ToolOutcome: Sendable {
    var content: Content
    /// The call failed; its content says why, to the model.
    var isError = false
    var files: [ToolFile] = []

    static func failure(_ sentence: String) -> ToolOutcome { ToolOutcome(content: .text(sentence), isError: true) }

    /// The outcome with its content cut to `bytesMax` bytes, and a line that says so.
    func cut(to bytesMax: Int) -> ToolOutcome {
        let text = content.modelText.text
        guard text.utf8.count > bytesMax else { return self }
        var end = text.utf8.index(text.startIndex, offsetBy: bytesMax)
        while end > text.startIndex, String.Index(end, within: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        var outcome = self
        outcome.content = .text(
            text[..<end] + "\n[cut: these are the first \(bytesMax) of \(text.utf8.count) bytes; tool_result_bytes_max]"
        )
        return outcome
    }
}
