import LlamaStackAPI

/// The resources that a distribution has, as far as they are known before a provider is created: what configs may name.
struct KnownResources {
    /// Ids and aliases by the kind's name.
    private var namesByKind: [String: [String]] = [:]

    /// Those of the file.
    init(_ manifest: Manifest) {
        for kind in ResourceKind.all { namesByKind[kind.name] = [] }
        for entry in manifest.resources { add([entry.id] + entry.aliases, of: entry.kind) }
    }

    mutating func add(_ names: [String], of kind: ResourceKind) {
        namesByKind[kind.name]?.append(contentsOf: names)
    }

    /// Ids and aliases; nil when resources of this kind are not known by name.
    func names(of kind: String) -> [String]? { namesByKind[kind] }
}
