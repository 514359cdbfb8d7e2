import LlamaStackAPI

/// A provider of `safety`: shields that judge conversations.
public protocol SafetyProvider: Provider {
    /// Every shield that is registered here; an empty array when there is none. The host joins the lists of all
    /// providers.
    func list(_ call: Call) async throws -> [ListedShield]
    /// Judges a conversation by the shield ``Call/resource``. It changes nothing.
    ///
    /// A violation is an answer. Throw `invalidRequest` with the field `params.<name>` for a setting that the shield
    /// does not have, also when there are no messages: agents are checked so before they are made. The setting
    /// `on_violation` is the caller's, and every shield takes it. Throw `notFound` with the field `shield_type` when
    /// the shield is not registered here, and another error when it can't judge: a caller takes no error for a pass.
    func runShield(_ request: RunShieldRequest, _ call: Call) async throws -> RunShieldResponse
}

extension SafetyProvider {
    /// A conforming provider implements `safety`.
    public static var api: API { .safety }

    /// The endpoints of ``Safety``, each with the method of this protocol that answers it.
    public static var methods: [Method<Self>] {
        [
            Method(Safety.list) { provider, _, _, call in try await provider.list(call) },
            Method(Safety.runShield) { try await $0.runShield($2, $3) },
        ]
    }
}
