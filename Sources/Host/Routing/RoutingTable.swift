import LlamaStackAPI

/// Which provider answers what. A value: the switchboard swaps it whole.
struct RoutingTable: Sendable {
    struct Instance: Sendable {
        var api: API
        var providerID: String
        var descriptor: ProviderDescriptor
        var libraryPath: String
        var channel: any Channel
        var label: String { "\(api.rawValue)/\(providerID)" }
    }

    struct Model: Sendable {
        var modelID: String
        var providerID: String
        var aliases: [String]
        var base: String?
        var isAnnounced: Bool
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
    private(set) var models: [Model] = []
    private var modelIndex: [String: Int] = [:]
    /// Optional providers that did not start.
    var failed: [(api: API, providerID: String, reason: String)] = []

    /// Optional models that their providers could not serve.
    private(set) var modelsLeftOut: [(model: Model, reason: String)] = []

    mutating func leaveOut(_ model: Model, _ reason: String) { modelsLeftOut.append((model, reason)) }

    mutating func add(_ instance: Instance) { instances.append(instance) }

    mutating func sortInstances(by place: (Instance) -> Int) { instances.sort { place($0) < place($1) } }

    /// Names that are taken already stay as they are: the caller has checked.
    mutating func add(_ model: Model) {
        for name in [model.modelID] + model.aliases where modelIndex[name] == nil { modelIndex[name] = models.count }
        models.append(model)
    }

    func model(named name: String) -> Model? { modelIndex[name].map { models[$0] } }

    func instance(_ api: API, _ providerID: String) -> Instance? {
        instances.first { $0.api == api && $0.providerID == providerID }
    }

    // MARK: the way of a call

    /// - Parameter model: what the client called it; nil when it named none.
    func destination(
        of endpoint: EndpointDescription, model: String?
    ) throws(CallError) -> Destination {
        let isByModel = endpoint.routingKey == .model
        return try destination(
            api: endpoint.api, providerID: nil, method: endpoint.method, model: isByModel ? model : nil)
    }

    /// - Parameter providerID: nil: whoever serves the model, else the API's default.
    func destination(
        api: API, providerID: String?, method: String, model name: String?
    ) throws(CallError) -> Destination {
        let serving = instances.filter { $0.api == api }
        guard !serving.isEmpty else { throw notServed(api) }
        var instance = serving[0]
        var resource = ""
        if let name {
            guard let model = model(named: name) else { throw unknownModel(name) }
            guard let owner = self.instance(api, model.providerID) else {
                throw CallError(
                    .providerUnavailable,
                    "the provider of model \(Quote.short(name)), \(model.providerID), is not running")
            }
            (instance, resource) = (owner, model.modelID)
        }
        if let providerID {
            guard let named = self.instance(api, providerID) else {
                throw unknownProvider(providerID, of: api, serving)
            }
            instance = named
        }
        guard instance.descriptor.method(method) != nil else { throw unknownMethod(method, instance) }
        return Destination(instance: instance, resource: resource)
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

    private func unknownModel(_ name: String) -> CallError {
        if modelsLeftOut.contains(where: { $0.model.modelID == name || $0.model.aliases.contains(name) }) {
            return CallError(
                .providerUnavailable, "model \(Quote.short(name)) could not be loaded when the server started",
                field: "model")
        }
        let names = models.flatMap { [$0.modelID] + $0.aliases }
        var message = "there is no model \(Quote.short(name, charactersMax: 100))"
        if let close = Spelling.closest(to: name, in: names) { message += " (did you mean '\(close)'?)" }
        if names.isEmpty {
            message += "; this server has none"
        } else {
            message += "; there are " + names.prefix(Self.listedNamesMax).joined(separator: ", ")
            if names.count > Self.listedNamesMax { message += " and \(names.count - Self.listedNamesMax) more" }
        }
        return CallError(.modelNotFound, message, field: "model")
    }

    private func unknownMethod(_ method: String, _ instance: Instance) -> CallError {
        let methods = instance.descriptor.methods.map(\.name).joined(separator: ", ")
        return CallError(
            .notImplemented,
            "the provider \(instance.label) (\(instance.descriptor.type)) has no \(Quote.short(method))"
                + (methods.isEmpty ? "" : "; it has \(methods)"))
    }
}
