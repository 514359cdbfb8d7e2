import ProviderKit

/// A shield of an agent, and what its objection does to the turn.
struct ShieldPolicy: Sendable {
    /// The member of `params` that is the agent's, not the shield's.
    static let key = "on_violation"

    /// For the shield: its own settings alone.
    let shield: ShieldConfig
    let onViolation: OnViolation

    /// - Parameter field: where the shield stands in the body of the agent's creation.
    init(_ config: ShieldConfig, at field: FieldPath = .root) throws {
        var config = config
        onViolation =
            try config.params[Self.key].map { try OnViolation(json: $0, at: field["params"][Self.key]) } ?? .raise
        config.params[Self.key] = nil
        shield = config
    }
}
