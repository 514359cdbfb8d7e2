import LlamaStackAPI

/// Typed calls to `safety` of another provider. Every method throws as ``HostCaller/answer(_:_:_:options:)`` does.
public struct SafetyClient: Sendable {
    /// For calls with options, or of an endpoint that has no method here.
    public let caller: HostCaller

    /// The shields of all providers of the API, or those of the one that was picked.
    public func list() async throws -> [ListedShield] {
        try await caller.answer(Safety.list, Nothing(), Nothing())
    }

    /// Has a shield judge a conversation; a violation is an answer. Throws `notFound` when the shield does not exist,
    /// and `invalidRequest` for a setting that it does not have. Without messages it checks the settings alone.
    public func runShield(_ request: RunShieldRequest) async throws -> RunShieldResponse {
        try await caller.answer(Safety.runShield, Nothing(), request)
    }
}
