import LlamaStackAPI

/// The resources that a distribution has, as far as they are known before a provider is created: what configs may name.
struct KnownResources {
    private let namesByKind: [String: [String]]

    /// Blocks on the disk.
    init(_ manifest: Manifest) {
        var names = ["model": manifest.models.flatMap { [$0.modelID] + $0.aliases }]
        // Also those that providers announced in earlier runs.
        for resource in manifest.statePath.map(Announcements.kept(inStateAt:)) ?? [] {
            names[resource.kind]?.append(resource.id)
        }
        namesByKind = names
    }

    /// Ids and aliases; nil when resources of this kind are not known by name.
    func names(of kind: String) -> [String]? { namesByKind[kind] }
}
