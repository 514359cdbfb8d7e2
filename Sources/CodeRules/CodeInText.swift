/// A text without what is no Python, for the scanner: fenced blocks of other languages and lines of prose are emptied,
/// so that lines keep their numbers.
package enum CodeInText {
    /// The languages of fences that are no Python. A block of any other is looked at, whatever it calls itself.
    private static let otherLanguages: Set<String> = [
        "bash", "sh", "shell", "zsh", "console", "powershell", "bat", "c", "cpp", "c++", "cs", "csharp", "css", "diff",
        "dockerfile", "go", "html", "http", "ini", "java", "javascript", "js", "json", "jsonl", "kotlin", "lua",
        "markdown", "md", "makefile", "objc", "perl", "php", "r", "ruby", "rb", "rust", "rs", "scala", "sql", "svg",
        "swift", "toml", "ts", "tsx", "jsx", "typescript", "xml", "yaml", "yml",
    ]
    private static let pythonLanguages: Set<String> = ["python", "py", "python3", "py3", "ipython", "pycon"]
    /// Words of Python that may stand beside a name.
    private static let keywords: Set<String> = [
        "and", "as", "assert", "async", "await", "case", "class", "def", "del", "elif", "else", "except", "exec",
        "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "match", "nonlocal", "not", "or",
        "print", "raise", "return", "type", "while", "with", "yield",
    ]

    /// The Python of a message's text: all of a block that says it is Python, and elsewhere the lines that can be.
    package static func python(in text: String) -> String {
        var kept: [String] = []
        var loose: [Substring] = []
        var fence: Fence?
        // Lines within no fence, and those of a fence of an unknown language, are looked at one by one.
        func endLoose() {
            kept += statements(loose)
            loose = []
        }
        for line in lines(text) {
            if let open = fence {
                if open.isEnded(by: line) {
                    endLoose()
                    kept.append("")
                    fence = nil
                } else if open.isPython {
                    kept.append(prompted(line) ?? String(line))
                } else if open.isOther {
                    kept.append("")
                } else {
                    loose.append(line)
                }
            } else if let open = Fence(line) {
                endLoose()
                kept.append("")
                fence = open
            } else {
                loose.append(line)
            }
        }
        endLoose()
        return kept.joined(separator: "\n")
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    // MARK: fences

    private struct Fence {
        let mark: Character
        let length: Int
        let language: String

        init?(_ line: Substring) {
            let text = line.drop { $0 == " " || $0 == "\t" || $0 == ">" }
            guard let first = text.first, first == "`" || first == "~" else { return nil }
            let run = text.prefix { $0 == first }
            guard run.count >= 3, !text.dropFirst(run.count).contains("`") else { return nil }
            (mark, length) = (first, run.count)
            let words = text.dropFirst(run.count).split { $0 == " " || $0 == "{" || $0 == "}" || $0 == "," }
            language = (words.first ?? "").drop { $0 == "." }.lowercased()
        }

        var isPython: Bool { pythonLanguages.contains(language) }
        var isOther: Bool { otherLanguages.contains(language) }

        func isEnded(by line: Substring) -> Bool {
            let text = line.drop { $0 == " " || $0 == "\t" || $0 == ">" }
            let run = text.prefix { $0 == mark }
            return run.count >= length && text.dropFirst(run.count).allSatisfy(\.isWhitespace)
        }
    }

    // MARK: statements among prose

    private static func statements(_ lines: [Substring]) -> [String] {
        var kept: [String] = []
        var index = 0
        while index < lines.count {
            let line = prompted(lines[index]) ?? String(lines[index])
            if let quote = openQuote(line), isStatement(line, isCut: true),
                let end = lines[(index + 1)...].prefix(stringLinesMax).firstIndex(where: { $0.contains(quote) })
            {
                kept.append(line)
                kept += lines[(index + 1)...end].map(String.init)
                index = end + 1
                continue
            }
            kept.append(isStatement(line, isCut: false) ? line : "")
            index += 1
        }
        return kept
    }

    /// A longer string is not followed among prose.
    private static let stringLinesMax = 1_000

    /// The code after an interpreter's prompt; nil when there is none.
    private static func prompted(_ line: Substring) -> String? {
        let text = line.drop { $0 == " " }
        return text.hasPrefix(">>> ") || text.hasPrefix("... ") ? String(text.dropFirst(4)) : nil
    }

    /// The three quotes of a string that begins on this line and does not end on it.
    private static func openQuote(_ line: String) -> String? {
        for quote in ["\"\"\"", "'''"] where line.contains(quote) {
            // An even number of parts is an odd number of quotes.
            if line.split(separator: quote, omittingEmptySubsequences: false).count % 2 == 0 { return quote }
        }
        return nil
    }

    /// Whether the line can be Python, alone or as a part of a statement. Prose has words beside words.
    private static func isStatement(_ line: String, isCut: Bool) -> Bool {
        let text = line.drop { $0 == " " || $0 == "\t" }
        if text.hasPrefix("- ") || text.hasPrefix("* ") || text.hasPrefix("> ") { return false }
        var tokenizer = Tokenizer(Array(line.utf8))
        let tokens = tokenizer.run()
        guard isCut || !tokenizer.isBroken || text.hasSuffix("\\") else { return false }
        if tokens.contains(where: { ["`", "?", "$", "!"].contains($0.text) && $0.kind == .mark }) { return false }
        return !zip(tokens, tokens.dropFirst()).contains { first, second in
            (isPlain(first) && [.name, .number, .string].contains(second.kind) && !isKeyword(second))
                || ([.number, .string].contains(first.kind) && isPlain(second))
        }
    }

    private static func isKeyword(_ token: Token) -> Bool { token.kind == .name && keywords.contains(token.text) }
    private static func isPlain(_ token: Token) -> Bool { token.kind == .name && !keywords.contains(token.text) }
}
