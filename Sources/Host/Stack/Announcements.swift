import Foundation
import LlamaStackAPI

/// Resources that providers make known while the stack runs: registered with whoever serves them, kept across restarts.
actor Announcements {
    static let announcedMax = 10_000
    private static let fileName = "announced.json"

    private let switchboard: Switchboard
    private let state: StateFolder?
    private let log: LogSink
    private var kept: [JSONObject] = []
    private var inProgress: Set<String> = []

    init(switchboard: Switchboard, state: StateFolder?, log: LogSink) {
        (self.switchboard, self.state, self.log) = (switchboard, state, log)
    }

    /// nil when it is registered and kept.
    func announce(_ json: JSON) async -> CallError? {
        do {
            let resource = try Resource(json: json, at: .root)
            try await register(resource)
            if let index = kept.firstIndex(where: { $0["id"] == .string(resource.id) }) { kept.remove(at: index) }
            if case .object(let object) = resource.json { kept.append(object) }
            try await save()
            return nil
        } catch let error as CallError {
            return error
        } catch let error as WireError {
            return CallError(error.code, error.description, field: error.field)
        } catch {
            return CallError(.internal, "\(error)")
        }
    }

    /// Registers what earlier runs kept. What its provider refuses now stays on the list and is logged.
    func restore() async {
        guard let state, let bytes = await OffPool.run({ state.read(Self.fileName) }) else { return }
        guard let json = try? JSON(parsing: bytes), case .array(let items) = json else {
            return log.log(.error, "\(state.path)/\(Self.fileName) is damaged; announced resources are left out")
        }
        for item in items.prefix(Self.announcedMax) {
            guard case .object(let object) = item, let resource = try? Resource(json: item, at: .root) else { continue }
            kept.append(object)
            do {
                try await register(resource)
            } catch {
                log.log(
                    .warning,
                    "the announced \(resource.kind) \(Quote.short(resource.id)) can't be served: \(error.message)")
            }
        }
    }

    /// What earlier runs kept in a state folder, read without taking it. Blocks.
    static func kept(inStateAt path: String) -> [Resource] {
        guard let bytes = FileManager.default.contents(atPath: "\(path)/\(fileName)"),
            case .array(let items)? = try? JSON(parsing: [UInt8](bytes))
        else { return [] }
        return items.prefix(announcedMax).compactMap { try? Resource(json: $0, at: .root) }
    }

    private func register(_ resource: Resource) async throws(CallError) {
        guard resource.kind == "model" else {
            throw CallError(.notImplemented, "resources of kind \(Quote.short(resource.kind)) can't be announced")
        }
        guard Identifiers.resourceProblem(resource.id) == nil else {
            throw CallError(.invalidRequest, "must be 1 to 200 bytes without control characters", field: "id")
        }
        guard kept.count < Self.announcedMax else {
            throw CallError(.storageFull, "there are \(Self.announcedMax) announced resources already")
        }
        let table = switchboard.current
        let existing = table.model(named: resource.id)
        if let existing, !existing.isAnnounced || existing.modelID != resource.id {
            throw CallError(
                .alreadyExists, "the distribution has a model \(Quote.short(resource.id)) already", field: "id")
        }
        guard inProgress.insert(resource.id).inserted else {
            throw CallError(.alreadyExists, "\(Quote.short(resource.id)) is being registered already", field: "id")
        }
        defer { inProgress.remove(resource.id) }
        let instance = try provider(of: resource, table)
        let resource = resource.onModelID(table)
        if existing != nil {
            try? await switchboard.register(resource, on: instance, method: ResourceMethods.unregister.name)
        }
        try await switchboard.register(resource, on: instance)
        guard existing == nil else { return }
        switchboard.update {
            $0.add(
                RoutingTable.Model(
                    modelID: resource.id, providerID: instance.providerID, aliases: [], base: resource.base,
                    isAnnounced: true))
        }
    }

    /// An adapter goes where its base is; anything else to the default inference provider.
    private func provider(of resource: Resource, _ table: RoutingTable) throws(CallError) -> RoutingTable.Instance {
        if let base = resource.base {
            guard let model = table.model(named: base) else {
                throw CallError(.modelNotFound, "there is no model \(Quote.short(base))", field: "base")
            }
            if let instance = table.instance(.inference, model.providerID) { return instance }
        }
        guard let instance = table.instances.first(where: { $0.api == .inference }) else {
            throw CallError(.apiNotServed, "this distribution has no provider for 'inference'")
        }
        return instance
    }

    private func save() async throws(CallError) {
        guard let state else { return }
        let bytes = JSON.array(kept.map { .object($0) }).bytes
        let failure = await OffPool.run { () -> StateFolder.Failure? in
            do throws(StateFolder.Failure) {
                try state.write(bytes, to: Self.fileName)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw CallError(.storageFull, failure.message) }
    }
}

extension Resource {
    /// The same with its base's own id: providers know no aliases.
    fileprivate func onModelID(_ table: RoutingTable) -> Resource {
        var resource = self
        resource.base = base.flatMap { table.model(named: $0)?.modelID }
        return resource
    }
}

extension Switchboard {
    /// Tells a provider of a resource (or, with `unregister`, that it is gone) and waits.
    func register(
        _ resource: Resource, on instance: RoutingTable.Instance, method: String = ResourceMethods.register.name
    ) async throws(CallError) {
        var request = CallRequest(method: method)
        request.body = resource.json.bytes
        request.requestID = "\(method)-\(resource.id)"
        _ = try await start(request, on: instance.channel).collect()
    }
}
