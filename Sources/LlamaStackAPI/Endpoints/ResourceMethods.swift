/// Something that a distribution lists, or a provider announces, and that a provider serves: a model, an adapter, a
/// shield, a tool group.
public struct Resource: WireRecord, Hashable {
    /// A ``ResourceKind``'s name: `model`, `shield`, `tool_group`, …
    public var kind: String
    public var id: String
    /// "inference/cpu": the provider that serves it, where this one is only told of it. nil: this one shall serve it.
    public var provider: String?
    /// What else requests call it; only in what a provider is told of.
    public var aliases: [String]?
    /// Where its files are.
    public var path: String?
    /// Of an adapter: the id of the model it belongs to, and where its weights are.
    public var base: String?
    public var adapter: String?
    /// The entry's own configuration, for its provider to check.
    public var config: JSONObject?
    /// Members that only the provider understands.
    public var more: JSONObject

    public init(
        kind: String, id: String, provider: String? = nil, aliases: [String]? = nil, path: String? = nil,
        base: String? = nil, adapter: String? = nil, config: JSONObject? = nil, more: JSONObject = [:]
    ) {
        self.kind = kind
        self.id = id
        self.provider = provider
        self.aliases = aliases
        self.path = path
        self.base = base
        self.adapter = adapter
        self.config = config
        self.more = more
    }

    public static let object = Object(
        "Resource", isComponent: false, rest: \Resource.more,
        { kind, id, provider, aliases, path, base, adapter, config in
            Self(
                kind: kind, id: id, provider: provider, aliases: aliases, path: path, base: base, adapter: adapter,
                config: config)
        },
        Field("kind", \.kind, "model, shield, tool_group, or another kind that the provider knows."),
        Field("id", \.id, check: .identifier, "What requests call it."),
        Field("provider", \.provider, "Who serves it, where the provider is only told of it."),
        Field("aliases", \.aliases, "Its other names, where the provider is only told of it."),
        Field("path", \.path, "Where its files are."),
        Field("base", \.base, "Of an adapter: the id of the model it belongs to."),
        Field("adapter", \.adapter, "Of an adapter: where its weights are."),
        Field("config", \.config, "The entry's own configuration."))
}

/// The methods that only the host calls, over the plug-in contract and never over HTTP. Any provider may have them.
public enum ResourceMethods {
    /// Called for each resource of the distribution before the host listens, and for each announcement after that. An
    /// id that the provider has already is replaced.
    public static let register = ResourceMethod(name: "register")
    public static let unregister = ResourceMethod(name: "unregister")

    public static let all = [register, unregister]
}

/// Its body is a ``Resource``, its answer empty.
public struct ResourceMethod: Sendable, Hashable {
    public let name: String

    public func encode(body: Resource) -> [UInt8] { body.json.bytes }

    /// Throws a ``WireError``.
    public func decodeBody(_ bytes: [UInt8]) throws -> Resource {
        try Resource(json: JSON(wire: bytes, limits: JSONLimits()), at: .root)
    }
}
