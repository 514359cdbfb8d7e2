/// One kind of resource: something that a distribution lists, or a provider announces, and that requests then name.
///
/// The one table of them. The sections of a distribution, registration, routing, announcements, lists and the
/// documentation come from its rows.
public struct ResourceKind: Sendable {
    /// An API whose providers may serve resources of the kind.
    public struct Server: Sendable, Hashable {
        /// The API.
        public let api: API
        /// A provider of the API may serve ids without taking them: one that answers `register` with LSP_UNSUPPORTED
        /// gets the calls all the same, and where the distribution lists none, its only provider gets every name.
        public let isRegistrationOptional: Bool

        init(_ api: API, isRegistrationOptional: Bool = false) {
            (self.api, self.isRegistrationOptional) = (api, isRegistrationOptional)
        }
    }

    /// ``Resource/kind``: `tool_group`.
    public let name: String
    /// The distribution's key that lists them: `tool_groups`. Also the word in the `needs` of a provider that is told
    /// of every one.
    public let section: String
    /// An entry's key for the id: `tool_group_id`.
    public let idKey: String
    /// In this order one is taken where nothing says which.
    public let servers: [Server]
    /// The field of a request's body that names one; nil when no request does.
    public let requestField: String?
    /// Whether an entry may have other names, under `aliases`.
    public let hasAliases: Bool
    /// The keys of an entry that this kind alone has.
    public let ownKeys: [String]
    /// The error for a request that names a resource which does not exist.
    public let unknownCode: ErrorCode

    /// A model or an adapter. Requests of inference and reward scoring name it in `model`.
    public static let model = ResourceKind(
        name: "model", section: "models", idKey: "model_id",
        servers: [Server(.inference), Server(.rewardScoring, isRegistrationOptional: true)],
        requestField: "model", hasAliases: true, ownKeys: ["path", "base", "adapter", "draft_model"],
        unknownCode: .modelNotFound)

    /// A safety check. Requests name it in `shield_type`.
    public static let shield = ResourceKind(
        name: "shield", section: "shields", idKey: "shield_id", servers: [Server(.safety)],
        requestField: "shield_type", hasAliases: false, ownKeys: [], unknownCode: .notFound)

    /// A group of tools. Requests name tools, and no groups.
    public static let toolGroup = ResourceKind(
        name: "tool_group", section: "tool_groups", idKey: "tool_group_id", servers: [Server(.tools)],
        requestField: nil, hasAliases: false, ownKeys: [], unknownCode: .notFound)

    /// Every kind, in the order in which documentation and lists have them.
    public static let all = [model, shield, toolGroup]

    /// The kind whose ``name`` this is; nil when there is none.
    public static func named(_ name: String) -> ResourceKind? { all.first { $0.name == name } }

    /// The kind that a distribution lists under this key; nil when there is none.
    public static func inSection(_ section: String) -> ResourceKind? { all.first { $0.section == section } }

    /// For people: `tool group`.
    public var title: String { name.replacing("_", with: " ") }
    /// The plural for people: `tool groups`.
    public var titles: String { section.replacing("_", with: " ") }

    /// The APIs that may serve it.
    public var apis: [API] { servers.map(\.api) }

    /// How an API serves the kind; nil when it does not.
    public func server(_ api: API) -> Server? { servers.first { $0.api == api } }
}

extension ResourceKind: Hashable {
    /// By ``name``, which is unique.
    public static func == (a: ResourceKind, b: ResourceKind) -> Bool { a.name == b.name }
    /// By ``name``, as equality is.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
