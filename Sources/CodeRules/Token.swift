/// One token of Python source.
struct Token: Sendable, Equatable {
    enum Kind: Sendable {
        /// An identifier or a keyword.
        case name
        case number
        /// A string; its text is what stands between the quotes.
        case string
        /// An operator, a bracket or another sign.
        case mark
        /// The end of a logical line, or `;`.
        case newline
    }

    var kind: Kind
    var text: String
    /// From 1.
    var line: Int
    /// The expressions in the braces of an f-string.
    var fields: [[Token]] = []

    func isMark(_ mark: String) -> Bool { kind == .mark && text == mark }
    func isName(_ name: String) -> Bool { kind == .name && text == name }
}
