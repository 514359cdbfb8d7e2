import LlamaStackAPI

/// How to write a value so that it has the type that is wanted.
enum ValueHint {
    /// A value in place of a list of one.
    static func list(_ node: YAMLNode) -> String? {
        switch node.content {
        case .scalar(let scalar):
            guard let text = shown(scalar), !text.contains("["), !text.contains("]") else { return "write it in [ ]" }
            return "write [\(text)]"
        case .mapping: return "begin each item of the list with '- '"
        case .sequence: return nil
        }
    }

    static func string(_ node: YAMLNode) -> String? {
        switch node.content {
        case .scalar(let scalar):
            guard scalar.value != .null, let text = shown(scalar) else { return nil }
            return "to keep it as text write \"\(text)\""
        case .sequence(let items): return alone(items)
        case .mapping: return nil
        }
    }

    /// YAML 1.1 had more words for these.
    static func boolean(_ node: YAMLNode) -> String? {
        switch node.content {
        case .scalar(let scalar):
            switch scalar.text.lowercased() {
            case "true", "yes", "on", "y", "1": return "write true"
            case "false", "no", "off", "n", "0": return "write false"
            default: return nil
            }
        case .sequence(let items): return alone(items)
        case .mapping: return nil
        }
    }

    static func number(_ node: YAMLNode) -> String? {
        switch node.content {
        case .scalar(let scalar):
            if case .number(let value) = scalar.value, let whole = Int64(exactly: value) { return "write \(whole)" }
            guard case .string(let text) = scalar.value, !scalar.isSecret else { return nil }
            let digits = text.filter { $0 != "_" && $0 != "," && $0 != " " }
            switch CoreSchema.value(of: digits) {
            case .integer, .number: return scalar.isPlain ? "write \(digits)" : "write \(digits), without quotes"
            default: return nil
            }
        case .sequence(let items): return alone(items)
        case .mapping: return nil
        }
    }

    static func mapping(_ node: YAMLNode) -> String? {
        guard case .sequence(let items) = node.content, case .mapping? = items.first?.content else { return nil }
        return "remove the '- ' before its keys"
    }

    private static func alone(_ items: [YAMLNode]) -> String? {
        guard items.count == 1, case .scalar(let scalar) = items[0].content else { return nil }
        return shown(scalar).map { "write \($0), without [ ]" }
    }

    /// As it stands in the file; nil for a secret and for what is too long to be repeated.
    private static func shown(_ scalar: YAMLScalar) -> String? {
        guard !scalar.isSecret, scalar.text.utf8.count <= 80 else { return nil }
        return Quote.printable(scalar.text, charactersMax: 80)
    }
}
