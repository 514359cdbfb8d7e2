import LlamaStackAPI

/// A resource that requests can name: one of the file, or one that a provider announced.
struct KnownResource: Sendable {
    var kind: ResourceKind
    var api: API
    var id: String
    var providerID: String
    var aliases: [String] = []
    /// The id of the one that it adapts.
    var base: String?
    /// What `register` carries.
    var body: JSONObject
    var isAnnounced: Bool

    var names: [String] { [id] + aliases }
    /// "inference/cpu".
    var providerLabel: String { "\(api.rawValue)/\(providerID)" }
}

extension KnownResource {
    init(_ entry: Manifest.ResourceEntry) {
        self.init(
            kind: entry.kind, api: entry.api, id: entry.id, providerID: entry.providerID, aliases: entry.aliases,
            base: entry.base, body: entry.resource, isAnnounced: false)
    }
}

/// The known resources and the names that lead to them. A name leads to one resource of a kind in an API.
struct ResourceIndex: Sendable {
    private struct Key: Hashable {
        var kind: ResourceKind
        var api: API
        var name: String
    }

    /// In the order in which they became known.
    private(set) var all: [KnownResource] = []
    private var places: [Key: Int] = [:]
    /// Optional ones that their providers could not serve.
    private(set) var leftOut: [(resource: KnownResource, reason: String)] = []

    func find(_ kind: ResourceKind, _ api: API, _ name: String) -> KnownResource? {
        places[Key(kind: kind, api: api, name: name)].map { all[$0] }
    }

    /// Adds it, or puts it in the place of the one that has its id. Names that are another's stay as they are: the
    /// caller has checked.
    mutating func put(_ resource: KnownResource) {
        let key = Key(kind: resource.kind, api: resource.api, name: resource.id)
        if let place = places[key], all[place].id == resource.id {
            all[place] = resource
        } else {
            all.append(resource)
            index(all.count - 1)
        }
    }

    mutating func remove(_ kind: ResourceKind, _ api: API, id: String) {
        guard let place = places[Key(kind: kind, api: api, name: id)], all[place].id == id else { return }
        all.remove(at: place)
        places = [:]
        for place in all.indices { index(place) }
    }

    mutating func leaveOut(_ resource: KnownResource, _ reason: String) { leftOut.append((resource, reason)) }

    private mutating func index(_ place: Int) {
        let resource = all[place]
        for name in resource.names {
            let key = Key(kind: resource.kind, api: resource.api, name: name)
            if places[key] == nil { places[key] = place }
        }
    }

    // MARK: questions

    func names(_ kind: ResourceKind, _ api: API) -> [String] {
        all.filter { $0.kind == kind && $0.api == api }.flatMap(\.names)
    }

    func isLeftOut(_ kind: ResourceKind, _ api: API, _ name: String) -> Bool {
        leftOut.contains { $0.resource.kind == kind && $0.resource.api == api && $0.resource.names.contains(name) }
    }

    /// Whether the file lists any.
    func isListed(_ kind: ResourceKind, _ api: API) -> Bool {
        (all + leftOut.map(\.resource)).contains { $0.kind == kind && $0.api == api && !$0.isAnnounced }
    }
}
