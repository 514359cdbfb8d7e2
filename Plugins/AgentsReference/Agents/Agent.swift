import ProviderKit

/// An agent as it is kept.
struct Agent: Sendable {
    /// The request that created it.
    var definition: AgenticSystemCreateRequest
    /// The tools that the server runs for it.
    var tools = AgentTools()

    var id: String { definition.uuid }
}
