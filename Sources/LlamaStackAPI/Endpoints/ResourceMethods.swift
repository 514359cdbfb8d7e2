/// Something that a distribution lists, or a provider announces, and that a provider serves: a model, an adapter, a
/// shield, a tool group.
public struct Resource: WireRecord, Hashable {
    /// A ``ResourceKind``'s name: `model`, `shield`, `tool_group`, …
    public var kind: String
    /// The id that requests name: 1 to 200 bytes without control characters. It comes back as the call's resource.
    public var id: String
    /// "inference/cpu": the provider that serves the resource, when this one is only told of it. nil: this one shall
    /// serve it.
    public var provider: String?
    /// Its other names in requests; only for a provider that is told of it, else nil.
    public var aliases: [String]?
    /// Where its files are, as the distribution or the announcement says; nil when it has none. Relative paths start
    /// from the distribution's folder.
    public var path: String?
    /// For an adapter, the id of the model that it belongs to; nil for anything else.
    public var base: String?
    /// For an adapter, the path of its weights; nil for anything else.
    public var adapter: String?
    /// The entry's own configuration, for its provider to check; nil when it has none, and for a provider that is only
    /// told of the resource.
    public var config: JSONObject?
    /// Members that only the provider understands.
    public var more: JSONObject

    /// A resource that has nothing but kind and id, unless the arguments say otherwise. Checks nothing.
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

    /// The record's fields, for decoding, encoding and the schema. Other keys are kept in ``more``.
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
    /// Called when a resource is withdrawn or moves to another provider. An id that the provider does not have is
    /// `not_found`, which the host takes as done.
    public static let unregister = ResourceMethod(name: "unregister")

    /// Both methods.
    public static let all = [register, unregister]
}

/// Its body is a ``Resource``, its answer empty.
public struct ResourceMethod: Sendable, Hashable {
    /// The method's name over the contract.
    public let name: String

    /// The JSON of the resource, as the host sends it.
    public func encode(body: Resource) -> [UInt8] { body.json.bytes }

    /// Reads the resource. Throws a ``WireError`` when it does not fit.
    public func decodeBody(_ bytes: [UInt8]) throws -> Resource {
        try Resource(json: JSON(wire: bytes, limits: JSONLimits()), at: .root)
    }
}
