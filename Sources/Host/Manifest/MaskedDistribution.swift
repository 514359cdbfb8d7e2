import LlamaStackAPI

/// A distribution as others may see it: what came from the environment, and what looks like a secret, is `***`.
enum MaskedDistribution {
    static let mask = "***"

    /// - Parameter node: with its references resolved, which marks what they brought.
    static func json(_ node: YAMLNode) -> JSON {
        switch node.content {
        case .scalar(let scalar): scalar.isSecret ? .string(mask) : masked(scalar.value)
        case .sequence(let items): .array(items.map(json))
        case .mapping(let members):
            .object(
                members.reduce(into: JSONObject()) { object, member in
                    object[member.key] = Secrets.isSecret(key: member.key) ? hidden(member.value) : json(member.value)
                })
        }
    }

    /// A list or a mapping of secrets keeps its keys.
    private static func hidden(_ node: YAMLNode) -> JSON {
        switch node.content {
        case .scalar: .string(mask)
        case .sequence(let items): .array(items.map(hidden))
        case .mapping(let members):
            .object(members.reduce(into: JSONObject()) { $0[$1.key] = hidden($1.value) })
        }
    }

    /// A key that says nothing may hold an address with a password, or words with one.
    private static func masked(_ value: JSON) -> JSON {
        guard case .string(let text) = value else { return value }
        return .string(
            text.replacing(#/(:\/\/)[^\/\s@]*@/#) { "\($0.1)\(mask)@" }
                .replacing(#/(?i)\b(password|passwd|token|secret|api_?key|bearer)(\s*[=:]\s*|\s+)\S+/#) {
                    "\($0.1)\($0.2)\(mask)"
                }
                .replacing(#/\b(?:sk-|hf_|ghp_|xox[a-z]-)[A-Za-z0-9_-]{8,}/#) { _ in mask })
    }
}
