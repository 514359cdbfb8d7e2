import ContractBridge
import LlamaStackAPI

/// The schemas of the configs of the resources that a provider serves: the keyword `x-resources` at the root of its own
/// config's schema, by kind: `{"tool_group": {"type": "object", …}}`.
package enum ResourceConfigSchema {
    package static let keyword = "x-resources"

    /// nil when the provider describes no config of that kind: it checks them alone, and they open no address.
    package static func of(_ kind: ResourceKind, in schema: JSON) -> JSON? { schema[keyword]?[kind.name] }

    /// The problem with those of a provider's schema, to follow its name; nil when they are valid.
    static func problem(in schema: JSON) -> String? {
        guard let all = schema[keyword] else { return nil }
        guard case .object(let kinds) = all else { return "has '\(keyword)' that are not an object" }
        for kind in kinds.members {
            if let problem = ConfigSchema.problem(of: kind.value) {
                return "has '\(keyword)' of which \(Quote.short(kind.key)) \(problem)"
            }
        }
        return nil
    }
}
