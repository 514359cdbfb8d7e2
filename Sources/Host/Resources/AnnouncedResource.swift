import LlamaStackAPI

/// A resource that a provider announced, as the host keeps it across restarts.
struct AnnouncedResource: Sendable {
    /// Members of what is kept that are the host's own: no provider sees them.
    private static let apiKey = "api", besideKey = "beside", announcerKey = "announced_by"

    var kind: ResourceKind
    /// nil: not said, and the kind's rules decide.
    var api: API?
    /// The resource whose provider shall serve it; nil: its base's, else the kind's rules decide.
    var beside: String?
    /// "post_training/lora"; nil where an older version of the host kept the resource and did not note it: then it
    /// belongs to the first provider that announces or withdraws it.
    var announcer: String?
    /// Without the host's own members.
    var resource: Resource

    var id: String { resource.id }

    /// Decodes a provider's announcement.
    init(_ json: JSON, from announcer: String) throws(CallError) {
        try self.init(json)
        self.announcer = announcer
    }

    /// Decodes an announcement that was kept.
    init(kept json: JSON) throws(CallError) {
        try self.init(json)
        announcer = json[Self.announcerKey]?.stringValue
    }

    private init(_ json: JSON) throws(CallError) {
        (kind, api) = try Self.place(json)
        do {
            resource = try Resource(json: json, at: .root)
        } catch let error as WireError {
            throw CallError(error.code, error.description, field: error.field)
        } catch {
            throw CallError(.internal, "\(error)")
        }
        beside = resource.more[Self.besideKey]?.stringValue
        resource.more[Self.apiKey] = nil
        resource.more[Self.besideKey] = nil
        resource.more[Self.announcerKey] = nil
        // Where it goes is the host's to say, and its names are the file's.
        (resource.provider, resource.aliases) = (nil, nil)
        guard Identifiers.resourceProblem(resource.id) == nil else {
            throw CallError(.invalidRequest, "must be 1 to 200 bytes without control characters", field: "id")
        }
    }

    /// The kind and, where it is said, the API that a resource's object names.
    static func place(_ json: JSON) throws(CallError) -> (kind: ResourceKind, api: API?) {
        let name = json["kind"]?.stringValue ?? ""
        guard let kind = ResourceKind.named(name) else {
            throw CallError(
                .notImplemented, "resources of kind \(Quote.short(name)) can't be announced", field: "kind")
        }
        guard let word = json[apiKey], word != .null else { return (kind, nil) }
        guard let api = word.stringValue.flatMap(API.init(rawValue:)), kind.server(api) != nil else {
            let apis = kind.apis.map(\.rawValue).joined(separator: " or ")
            throw CallError(.invalidRequest, "must be \(apis), got \(Quote.short(word.text))", field: apiKey)
        }
        return (kind, api)
    }

    var kept: JSON {
        guard case .object(var object) = resource.json else { return resource.json }
        object[Self.apiKey] = api.map { .string($0.rawValue) }
        object[Self.besideKey] = beside.map { .string($0) }
        object[Self.announcerKey] = announcer.map { .string($0) }
        return .object(object)
    }
}
