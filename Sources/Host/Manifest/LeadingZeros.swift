import LlamaStackAPI

/// `port: 0123` is 123 here, by YAML 1.2; a tool that reads YAML 1.1 takes it for an octal number or for text.
enum LeadingZeros {
    static func warn(of node: YAMLNode, _ diagnostics: Diagnostics) {
        switch node.content {
        case .scalar(let scalar):
            guard isAmbiguous(scalar), case .integer(let value) = scalar.value else { return }
            diagnostics.warn(
                node.position, "leading_zero",
                scalar.isSecret
                    ? "a number with a leading 0" : "\(Quote.short(scalar.text)) is read as \(value)",
                hint: "other readers of YAML take a leading 0 for an octal number: write "
                    + (scalar.isSecret
                        ? "it without" : "\(value), or \"\(Quote.printable(scalar.text, charactersMax: 40))\" for text")
            )
        case .sequence(let items): items.forEach { warn(of: $0, diagnostics) }
        case .mapping(let members): members.forEach { warn(of: $0.value, diagnostics) }
        }
    }

    private static func isAmbiguous(_ scalar: YAMLScalar) -> Bool {
        guard scalar.isPlain, !scalar.isReference else { return false }
        let digits =
            scalar.text.hasPrefix("-") || scalar.text.hasPrefix("+") ? scalar.text.dropFirst() : scalar.text[...]
        return digits.utf8.count > 1 && digits.first == "0" && digits.utf8.allSatisfy { (48...57).contains($0) }
    }
}
