import LlamaStackAPI

/// The resources that a distribution has, as far as they are known before a provider is created: what configs may name.
struct KnownResources {
    private let namesByKind: [String: [String]]

    /// Blocks on the disk.
    init(_ manifest: Manifest) {
        var names: [String: [String]] = [:]
        for kind in ResourceKind.all { names[kind.name] = [] }
        for entry in manifest.resources { names[entry.kind.name]?.append(contentsOf: [entry.id] + entry.aliases) }
        // Also those that providers announced in earlier runs.
        for resource in manifest.statePath.map(ResourceRegistry.kept(inStateAt:)) ?? [] {
            names[resource.kind.name]?.append(resource.id)
        }
        namesByKind = names
    }

    /// Ids and aliases; nil when resources of this kind are not known by name.
    func names(of kind: String) -> [String]? { namesByKind[kind] }
}
