import LlamaStackAPI

/// The providers and resources of a running stack, for the line that says it has started, `list`, and the health
/// routes.
package struct Summary: Sendable {
    package struct Provider: Sendable {
        package var api: API
        package var providerID: String
        package var providerType: String
        /// The provider's own version.
        package var version: String
        package var runtime: String
        package var libraryPath: String
        package var methods: [String]
        package var needs: [String]
    }

    package struct Resource: Sendable {
        package var kind: ResourceKind
        package var api: API
        package var id: String
        package var providerID: String
        package var aliases: [String]
        package var base: String?
        /// Announced by a provider rather than named in the file.
        package var isAnnounced: Bool
    }

    /// In the order of the API table.
    package var apis: [API] { API.allCases.filter { api in providers.contains { $0.api == api } } }
    package var providers: [Provider]
    /// The resources of all kinds.
    package var resources: [Resource]
    /// Optional providers that did not start, "inference/gpu", and optional resources that could not be served, with
    /// why.
    package var failed: [(name: String, reason: String)]

    package func resources(_ kind: ResourceKind) -> [Resource] { resources.filter { $0.kind == kind } }
}
