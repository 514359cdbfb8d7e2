/// Statements of SQL in strings.
enum SQLText {
    private static let verbs = ["SELECT", "INSERT", "DELETE", "UPDATE", "WITH", "REPLACE", "MERGE", "DROP", "ALTER"]
    private static let seconds = ["FROM", "INTO", "SET", "AS", "TABLE", "WHERE"]

    /// Whether the string at this place begins a statement that goes on with something that is no literal.
    static func isBuilt(at index: Int, in source: PythonSource) -> Bool {
        let before = source.token(index - 1)
        if before?.kind == .string || before?.isMark("+") == true { return false }
        guard isBeginning(of: source.tokens[index].text, isExecuted: isExecuted(index, source)) else { return false }
        var index = index
        while true {
            if !source.tokens[index].fields.isEmpty { return true }
            guard let next = source.token(index + 1) else { return false }
            if next.kind == .string {
                index += 1
            } else if next.isMark("+"), let after = source.token(index + 2) {
                guard after.kind == .string else { return !source.isLiteral(index + 2..<index + 3) }
                index += 2
            } else if next.isMark("%") {
                return true
            } else {
                return next.isMark(".")
                    && ["format", "replace", "format_map", "join"].contains(source.token(index + 2)?.text)
            }
        }
    }

    /// SQL is told from prose by its capitals, or by what it is given to.
    private static func isBeginning(of text: String, isExecuted: Bool) -> Bool {
        let words = text.prefix(4_000).split(whereSeparator: { !$0.isLetter && $0 != "_" }).prefix(200)
        guard let first = words.first, verbs.contains(first.uppercased()) else { return false }
        guard isExecuted || first == first.uppercased() else { return false }
        return words.dropFirst().contains {
            seconds.contains(isExecuted ? $0.uppercased() : String($0))
        } || (words.count == 1 && first == "SELECT")
    }

    private static func isExecuted(_ index: Int, _ source: PythonSource) -> Bool {
        guard source.token(index - 1)?.isMark("(") == true, let name = source.token(index - 2) else { return false }
        return ["execute", "executemany", "executescript", "raw", "text", "read_sql", "read_sql_query"]
            .contains(name.text)
    }
}
