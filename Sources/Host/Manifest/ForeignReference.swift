/// A reference as a shell, compose or another program writes it: `${NAME}`, `${NAME:-default}`, `${env:NAME}`.
struct ForeignReference {
    /// The text between `${` and the closing brace.
    private let inside: Substring
    private let isSecret: Bool

    init(_ tail: Substring, isSecret: Bool) {
        inside = tail.prefix { $0 != "}" && $0 != "\n" }
        self.isSecret = isSecret
    }

    /// Whether this may follow a name, in our reference syntax or in a shell's.
    static func isForm(_ rest: some StringProtocol) -> Bool {
        rest.isEmpty || [":", "-", "=", "+", "?"].contains { rest.hasPrefix($0) }
    }

    var problem: ReferenceText.Problem {
        let shown = Quote.short(isSecret ? "${\(name)…}" : "${\(inside)}")
        let hint = meant.map { "write \($0)" } ?? ReferenceText.syntax
        return ReferenceText.Problem(
            "bad_reference", "\(shown) is no reference: one begins with ${env.",
            hint: hint + "; for the characters '${' themselves write '$${'")
    }

    /// The same in our syntax; nil when it can't be told.
    private var meant: String? {
        guard ReferenceText.isName(name) else { return nil }
        let rest = body.dropFirst(name.count)
        guard Self.isForm(rest) else { return nil }
        let word = rest.drop { $0 == ":" }
        let end = isSecret ? "…" : String(word.dropFirst())
        switch word.first {
        case nil where rest.isEmpty, "?": return "${env.\(name)}"
        case "-", "=": return "${env.\(name):=\(end)}"
        case "+": return "${env.\(name):+\(end)}"
        default: return nil
        }
    }

    private var name: Substring { body.prefix { $0.utf8.count == 1 && $0.utf8.allSatisfy(ReferenceText.isNameByte) } }

    /// Without another program's word for the environment: `env:`, `ENV.`, a space.
    private var body: Substring {
        let text = inside.drop { $0 == " " }
        let word = text.prefix(3)
        guard word.lowercased() == "env", let mark = text.dropFirst(3).first, [".", ":", " "].contains(mark) else {
            return text.prefix { $0 != " " }
        }
        let rest = text.dropFirst(4)
        return rest.first.map { ReferenceText.isName(String($0)) } == true ? rest.prefix { $0 != " " } : text
    }
}

/// `$NAME` in a value, which a shell would replace and a distribution does not.
enum ShellVariable {
    /// nil when the text is probably meant as it stands: a price, a pattern, a password.
    static func warning(about scalar: YAMLScalar) -> (message: String, hint: String)? {
        guard let name = name(in: scalar.text, isSecret: scalar.isSecret) else { return nil }
        let shown = scalar.isSecret ? "'$'" : Quote.short("$\(name)")
        let known = name.hasPrefix("env.") ? String(name.dropFirst(4)) : name
        let meant = ReferenceText.isName(known) && !scalar.isSecret ? known : "NAME"
        return (
            "\(shown) is taken as text: only references such as ${env.\(meant)} are replaced",
            "for the environment variable write ${env.\(meant)}"
        )
    }

    /// A variable's name in capitals after a `$` that begins the text or a part of it; alone in the text, any name.
    private static func name(in text: String, isSecret: Bool) -> String? {
        if text.hasPrefix("$") {
            let name = text.dropFirst()
            let isCapital = name.allSatisfy { !$0.isLowercase }
            if ReferenceText.isName(name), isCapital || !isSecret { return String(name) }
            if name.hasPrefix("env."), ReferenceText.isName(name.dropFirst(4)) { return String(name) }
            if name.hasPrefix("("), name.hasSuffix(")"), !isSecret { return String(name) }
        }
        guard !isSecret else { return nil }
        var before: Character = " "
        var rest = text[...]
        while let character = rest.first {
            rest = rest.dropFirst()
            if character == "$", !before.isLetter, !before.isNumber, before != "$", before != "\\" {
                let name = rest.prefix { $0.utf8.count == 1 && $0.utf8.allSatisfy(ReferenceText.isNameByte) }
                if name.count >= 2, ReferenceText.isName(name), name.allSatisfy({ !$0.isLowercase }) {
                    return String(name)
                }
            }
            before = character
        }
        return nil
    }
}
