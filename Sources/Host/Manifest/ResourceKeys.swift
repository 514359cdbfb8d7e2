import LlamaStackAPI

/// An entry of a section of resources as it stands in the file.
struct RawResource: Sendable {
    var kind: ResourceKind
    var id: Placed<String>
    var providerID: Placed<String>?
    var api: Placed<String>?
    var path: Placed<String>?
    var base: Placed<String>?
    var adapter: Placed<String>?
    var draftModel: Placed<String>?
    var aliases: [Placed<String>]
    var config: YAMLNode?
    var isOptional: Bool
    var position: Position
}

/// The keys of a distribution that come from the table of kinds.
enum ResourceKeys {
    /// A list for each kind.
    static let lists = ResourceKind.all.map { kind in
        Key(
            kind.section, .list(of: entry(kind).reader, "list of \(kind.titles)"), default: [], as: "none",
            "The \(kind.titles) to serve")
    }

    /// Every key that an entry of some kind has, less those that are other kinds' own.
    static func entry(_ kind: ResourceKind) -> Section<RawResource> {
        let others = ResourceKind.all.flatMap(\.ownKeys).filter { !kind.ownKeys.contains($0) }
        let apis = kind.apis.map(\.rawValue)
        let id = ValueReader.string("id", Identifiers.resourceProblem)
        return Section(
            "the \(kind.title)",
            {
                (
                    resource: Placed<String>, provider: Placed<String>?, api: Placed<String>?, path: Placed<String>?,
                    base: Placed<String>?, adapter: Placed<String>?, draftModel: Placed<String>?,
                    aliases: [Placed<String>],
                    config: YAMLNode?, isOptional: Bool
                ) in
                RawResource(
                    kind: kind, id: resource, providerID: provider, api: api, path: path, base: base, adapter: adapter,
                    draftModel: draftModel, aliases: aliases, config: config, isOptional: isOptional,
                    position: resource.position)
            },
            Key(
                kind.idKey, id.placed,
                kind.requestField == nil ? "Its name in this file" : "The name that clients use"),
            Key(
                "provider_id", ValueReader.string("id", Identifiers.providerProblem).placed.optional, default: nil,
                as: "the only \(apis[0]) provider",
                "The provider that serves it" + (kind.ownKeys.contains("base") ? "; of an adapter, its base's" : "")),
            Key(
                "api", ValueReader.word(apis).placed.optional, default: nil,
                as: "the one that has the `provider_id`", "The API that it belongs to, where two have that provider"),
            Key("path", ValueReader.path.placed.optional, default: nil, as: "none", "Its file, relative to this one"),
            Key("base", id.placed.optional, default: nil, as: "none", "The \(kind.idKey) that it adapts"),
            Key(
                "adapter", ValueReader.path.placed.optional, default: nil, as: "none",
                "Its adapter's folder, relative to this one"),
            Key(
                "draft_model", ValueReader.path.placed.optional, default: nil, as: "none",
                "A smaller model that guesses its tokens, relative to this one"),
            Key("aliases", .list(of: id.placed, "list of ids"), default: [], as: "none", "Other names for it"),
            Key(
                "config", ValueReader.mapping.optional, default: nil, as: "empty",
                "What its provider wants to know of it"),
            Key("optional", .boolean, default: false, "Start without it when it can't be served")
        ).without(others + (kind.hasAliases ? [] : ["aliases"]) + (apis.count > 1 ? [] : ["api"]))
    }
}
