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
    /// The body of `register`.
    var body: JSONObject
    var isAnnounced: Bool

    var names: [String] { [id] + aliases }
    /// "inference/cpu".
    var providerLabel: String { "\(api.rawValue)/\(providerID)" }
}

extension KnownResource {
    /// Its identity: an id names one resource of a kind in an API.
    struct Key: Sendable, Hashable {
        var kind: ResourceKind
        var api: API
        var id: String
    }

    var key: Key { Key(kind: kind, api: api, id: id) }

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

    /// Replaces the file's resources of a provider, and those under the same ids, with the ones that it serves now.
    /// Announced resources stay, unless their name is taken.
    mutating func replace(
        listedOf providerLabel: String, with resources: [KnownResource],
        leftOut left: [(resource: KnownResource, reason: String)]
    ) {
        let keys = Set(resources.map(\.key))
        let rest = all.filter { resource in
            !keys.contains(resource.key) && (resource.isAnnounced || resource.providerLabel != providerLabel)
        }
        let leftOut = leftOut.filter { $0.resource.providerLabel != providerLabel && !keys.contains($0.resource.key) }
        self = ResourceIndex(
            rest.filter { !$0.isAnnounced } + resources + rest.filter(\.isAnnounced), leftOut: leftOut + left)
    }

    /// In the place of the one with its id, or at the end. Its names become its own as far as they are free.
    mutating func replace(_ resource: KnownResource) {
        var resources = all
        if let place = resources.firstIndex(where: { $0.key == resource.key }) {
            resources[place] = resource
        } else {
            resources.append(resource)
        }
        self = ResourceIndex(resources, leftOut: leftOut.filter { $0.resource.key != resource.key })
    }

    /// Forgets all that a provider serves.
    mutating func removeAll(of providerLabel: String) {
        self = ResourceIndex(
            all.filter { $0.providerLabel != providerLabel },
            leftOut: leftOut.filter { $0.resource.providerLabel != providerLabel })
    }

    /// Those of the file in this order, then those that providers announced.
    mutating func sort(by place: (KnownResource) -> Int) {
        let listed = all.filter { !$0.isAnnounced }.sorted { place($0) < place($1) }
        self = ResourceIndex(listed + all.filter(\.isAnnounced), leftOut: leftOut)
    }

    init() {}

    private init(_ resources: [KnownResource], leftOut: [(resource: KnownResource, reason: String)]) {
        all = resources
        for place in all.indices { index(place) }
        self.leftOut = leftOut
    }

    mutating func leaveOut(_ resource: KnownResource, _ reason: String) {
        leftOut.removeAll { $0.resource.key == resource.key }
        leftOut.append((resource, reason))
    }

    /// Forgets those that were left out and are not among these.
    mutating func keepLeftOut(_ keys: Set<KnownResource.Key>) { leftOut.removeAll { !keys.contains($0.resource.key) } }

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
