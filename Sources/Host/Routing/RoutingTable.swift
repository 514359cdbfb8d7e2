import LlamaStackAPI

/// Which provider answers what. A value: the dispatcher swaps it whole.
struct RoutingTable: Sendable {
    /// A class, because each call has its instance copied several times.
    final class Instance: Sendable {
        let api: API
        let providerID: String
        let descriptor: ProviderDescriptor
        let libraryPath: String
        let channel: any Channel
        let label: String

        init(
            api: API, providerID: String, descriptor: ProviderDescriptor, libraryPath: String, channel: any Channel
        ) {
            (self.api, self.providerID, self.descriptor) = (api, providerID, descriptor)
            (self.libraryPath, self.channel) = (libraryPath, channel)
            label = "\(api.rawValue)/\(providerID)"
        }
    }

    /// Where a call goes, and the resource's own id there.
    struct Destination: Sendable {
        var instance: Instance
        var resource: String
    }

    /// More names than this are not listed in an error.
    static let listedNamesMax = 20

    /// In the distribution's order; the first of an API is its default.
    private(set) var instances: [Instance] = []
    /// The resources that requests can name.
    var resources = ResourceIndex()
    /// Optional providers that did not start.
    var failed: [(api: API, providerID: String, reason: String)] = []

    mutating func add(_ instance: Instance) { instances.append(instance) }

    /// In the place of the one with its label, or at the end.
    mutating func put(_ instance: Instance) {
        if let place = instances.firstIndex(where: { $0.label == instance.label }) {
            instances[place] = instance
        } else {
            instances.append(instance)
        }
    }

    mutating func remove(_ label: String) { instances.removeAll { $0.label == label } }

    mutating func sortInstances(by place: (Instance) -> Int) { instances.sort { place($0) < place($1) } }

    func instance(_ api: API, _ providerID: String) -> Instance? {
        instances.first { $0.api == api && $0.providerID == providerID }
    }

    // MARK: the way of a call

    /// - Parameter name: what the client called the resource that the endpoint is routed by; nil when it named none.
    func destination(
        of endpoint: EndpointDescription, name: String?
    ) throws(CallError) -> Destination {
        try destination(
            api: endpoint.api, providerID: nil, method: endpoint.method, kind: endpoint.routingKey.listedKind,
            name: name)
    }

    /// - Parameters:
    ///   - providerID: nil: the provider that serves what is named, else the API's default.
    ///   - kind: of what `name` names; nil when the call names nothing.
    func destination(
        api: API, providerID: String?, method: String, kind: ResourceKind?, name: String?
    ) throws(CallError) -> Destination {
        let serving = instances.filter { $0.api == api }
        guard !serving.isEmpty else { throw notServed(api) }
        var instance = serving[0]
        var resource = ""
        if let kind, let name { (instance, resource) = try owner(of: name, kind, api, among: serving) }
        if let providerID {
            guard let named = self.instance(api, providerID) else {
                throw unknownProvider(providerID, of: api, serving)
            }
            instance = named
        }
        guard instance.descriptor.method(method) != nil else { throw unknownMethod(method, instance) }
        return Destination(instance: instance, resource: resource)
    }

    private func owner(
        of name: String, _ kind: ResourceKind, _ api: API, among instances: [Instance]
    ) throws(CallError) -> (Instance, String) {
        guard let resource = resources.find(kind, api, name) else {
            let takesEveryName =
                kind.server(api)?.isRegistrationOptional == true && instances.count == 1
                && !resources.isListed(kind, api)
            guard takesEveryName else { throw unknown(name, of: kind, api) }
            return (instances[0], name)
        }
        guard let owner = instance(api, resource.providerID) else {
            throw CallError(
                .providerUnavailable,
                "the provider of \(kind.title) \(Quote.short(name)), \(resource.providerID), is not running")
        }
        return (owner, resource.id)
    }

    // MARK: what to say

    private func notServed(_ api: API) -> CallError {
        if let failed = failed.first(where: { $0.api == api }) {
            return CallError(
                .providerUnavailable, "the provider of '\(api.rawValue)', \(failed.providerID), did not start")
        }
        let apis = API.allCases.filter { api in instances.contains { $0.api == api } }.map(\.rawValue)
        let rest = apis.isEmpty ? "" : "; it serves " + apis.joined(separator: ", ")
        return CallError(.apiNotServed, "this distribution has no provider for '\(api.rawValue)'\(rest)")
    }

    private func unknownProvider(_ providerID: String, of api: API, _ serving: [Instance]) -> CallError {
        let known = serving.map(\.providerID)
        var message = "there is no provider \(Quote.short("\(api.rawValue)/\(providerID)"))"
        if let close = Spelling.closest(to: providerID, in: known) { message += " (did you mean '\(close)'?)" }
        message += "; there are " + known.prefix(Self.listedNamesMax).joined(separator: ", ")
        return CallError(.notFound, message, field: RoutingKey.providerParameter)
    }

    private func unknown(_ name: String, of kind: ResourceKind, _ api: API) -> CallError {
        if resources.isLeftOut(kind, api, name) {
            return CallError(
                .providerUnavailable,
                "\(kind.title) \(Quote.short(name)) could not be loaded when the server started",
                field: kind.requestField)
        }
        let names = resources.names(kind, api)
        var message = "there is no \(kind.title) \(Quote.short(name, charactersMax: 100))"
        if let close = Spelling.closest(to: name, in: names) { message += " (did you mean '\(close)'?)" }
        if names.isEmpty {
            message += "; this server has none"
        } else {
            message += "; there are " + names.prefix(Self.listedNamesMax).joined(separator: ", ")
            if names.count > Self.listedNamesMax { message += " and \(names.count - Self.listedNamesMax) more" }
        }
        return CallError(kind.unknownCode, message, field: kind.requestField)
    }

    private func unknownMethod(_ method: String, _ instance: Instance) -> CallError {
        let methods = instance.descriptor.methods.map(\.name).joined(separator: ", ")
        return CallError(
            .notImplemented,
            "the provider \(instance.label) (\(instance.descriptor.type)) has no \(Quote.short(method))"
                + (methods.isEmpty ? "" : "; it has \(methods)"))
    }
}
