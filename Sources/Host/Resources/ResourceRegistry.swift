import Foundation
import LlamaStackAPI

/// Resources that providers make known while the stack runs: registered with the provider that serves them, kept across
/// restarts, withdrawn by the provider that announced them.
package actor ResourceRegistry {
    static let announcedMax = 10_000
    package static let fileName = "announced.json"

    private let dispatcher: Dispatcher
    private let state: StateFolder?
    private let log: LogSink
    private var kept: [AnnouncedResource] = []
    private var inProgress: Set<String> = []
    /// Whether the stack became whole.
    private let opened = Once<Bool>()

    init(dispatcher: Dispatcher, state: StateFolder?, log: LogSink) {
        (self.dispatcher, self.state, self.log) = (dispatcher, state, log)
    }

    // MARK: what providers ask

    /// Waits until the stack is whole. nil when it is registered and kept.
    ///
    /// - Parameter announcer: the label of the provider, "post_training/lora".
    func announce(_ json: JSON, from announcer: String) async -> CallError? {
        await answer { () async throws(CallError) in
            let announced = try AnnouncedResource(json, from: announcer)
            try await self.alone(announced) { () async throws(CallError) in
                guard self.kept.count < Self.announcedMax else {
                    throw CallError(.storageFull, "there are \(Self.announcedMax) announced resources already")
                }
                let resource = try await self.register(announced)
                self.keep(announced, in: resource.api)
                try await self.save()
                await self.dispatcher.tell(.register, resource, log: self.log)
            }
        }
    }

    /// Waits until the stack is whole. nil when no provider serves it any more.
    ///
    /// - Parameter json: {"kind", "id", "api"?}
    func withdraw(_ json: JSON, from announcer: String) async -> CallError? {
        await answer { () async throws(CallError) in
            let announced = try self.find(json, of: announcer)
            try await self.alone(announced) { () async throws(CallError) in
                try await self.withdraw(announced)
            }
        }
    }

    private func answer(_ body: () async throws(CallError) -> Void) async -> CallError? {
        guard await opened.value() else { return CallError(.shuttingDown, "the server is shutting down") }
        do throws(CallError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    // MARK: the stack's start and end

    /// Registers what earlier runs kept, then takes the announcements that have waited. What its provider refuses now
    /// stays on the list and is logged.
    func open() async {
        await restore()
        opened.set(true)
    }

    /// Refuses the announcements that still wait.
    nonisolated func close() { opened.set(false) }

    private func restore() async {
        guard let state, let bytes = await OffPool.run({ state.read(Self.fileName) }) else { return }
        guard let json = try? JSON(parsing: bytes), case .array(let items) = json else {
            return log.log(.error, "\(state.path)/\(Self.fileName) is damaged; announced resources are left out")
        }
        for item in items.prefix(Self.announcedMax) {
            guard let announced = try? AnnouncedResource(kept: item) else { continue }
            kept.append(announced)
            await serve(announced)
        }
    }

    /// The announcements that earlier runs kept in a state folder, read without locking it. Blocks.
    static func kept(inStateAt path: String) -> [AnnouncedResource] {
        guard let bytes = FileManager.default.contents(atPath: "\(path)/\(fileName)"),
            case .array(let items)? = try? JSON(parsing: [UInt8](bytes))
        else { return [] }
        return items.prefix(announcedMax).compactMap { try? AnnouncedResource(kept: $0) }
    }

    // MARK: a reload

    /// Has an instance that was created again serve what it served.
    func registerAgain(on instance: RoutingTable.Instance) async {
        for resource in dispatcher.current.resources.all
        where resource.isAnnounced && resource.providerLabel == instance.label {
            do throws(CallError) {
                try await dispatcher.replace(resource, on: instance)
            } catch {
                logUnserved(resource.kind, resource.id, error)
                dispatcher.update { $0.resources.remove(resource.kind, resource.api, id: resource.id) }
            }
        }
    }

    /// Withdraws all announcements of a provider that is being stopped.
    func withdrawAll(from announcer: String) async {
        for announced in kept where announced.announcer == announcer {
            do throws(CallError) {
                try await alone(announced) { () async throws(CallError) in try await self.withdraw(announced) }
            } catch {
                log.log(
                    .warning,
                    "the \(announced.kind.title) \(Quote.short(announced.id)) of \(announcer) can't be withdrawn: \(error)"
                )
            }
        }
    }

    /// Finds a provider for what is kept and not served: one may have come.
    func registerRest() async {
        for announced in kept {
            let known = dispatcher.current.resources
            let apis = announced.api.map { [$0] } ?? announced.kind.apis
            guard !apis.contains(where: { known.find(announced.kind, $0, announced.id) != nil }) else { continue }
            await serve(announced)
        }
    }

    private func serve(_ announced: AnnouncedResource) async {
        do throws(CallError) {
            let resource = try await register(announced)
            keep(announced, in: resource.api)
            await dispatcher.tell(.register, resource, log: log)
        } catch {
            logUnserved(announced.kind, announced.id, error)
        }
    }

    private func logUnserved(_ kind: ResourceKind, _ id: String, _ error: CallError) {
        log.log(.warning, "the announced \(kind.title) \(Quote.short(id)) can't be served: \(error.message)")
    }

    // MARK: one resource

    /// One change of an id at a time.
    private func alone(
        _ announced: AnnouncedResource, _ body: () async throws(CallError) -> Void
    ) async throws(CallError) {
        let key = "\(announced.kind.name) \(announced.id)"
        guard inProgress.insert(key).inserted else {
            throw CallError(
                .alreadyExists, "\(Quote.short(announced.id)) is being registered or withdrawn already", field: "id")
        }
        defer { inProgress.remove(key) }
        try await body()
    }

    /// Answers where it is known now.
    private func register(_ announced: AnnouncedResource) async throws(CallError) -> KnownResource {
        let table = dispatcher.current
        let instance = try table.server(of: announced)
        let api = instance.api
        var resource = announced.resource
        // Providers know no aliases.
        resource.base = resource.base.flatMap { table.resources.find(announced.kind, api, $0)?.id }
        guard case .object(let body) = resource.json else { throw CallError(.internal, "a resource is an object") }
        let known = KnownResource(
            kind: announced.kind, api: api, id: announced.id, providerID: instance.providerID, base: resource.base,
            body: body, isAnnounced: true)
        let existing = table.resources.find(announced.kind, api, announced.id)
        try check(announced, api, existing)
        if let existing, existing.providerID == known.providerID {
            try await dispatcher.replace(known, on: instance)
        } else {
            try await dispatcher.register(known, on: instance)
        }
        dispatcher.update { $0.resources.put(known) }
        if let existing, existing.providerID != known.providerID,
            let old = table.instance(api, existing.providerID)
        {
            try? await dispatcher.unregister(existing, on: old)
        }
        return known
    }

    /// A name belongs to the file, or to the provider that announced it.
    private func check(_ announced: AnnouncedResource, _ api: API, _ existing: KnownResource?) throws(CallError) {
        guard let existing else { return }
        guard existing.isAnnounced, existing.id == announced.id else {
            throw CallError(
                .alreadyExists, "the distribution has a \(announced.kind.title) \(Quote.short(announced.id)) already",
                field: "id")
        }
        let owner = place(of: announced, in: api).flatMap { kept[$0].announcer }
        guard owner == nil || owner == announced.announcer else {
            throw CallError(
                .alreadyExists,
                "\(owner ?? "") has announced the \(announced.kind.title) \(Quote.short(announced.id)) already",
                field: "id")
        }
    }

    private func place(of announced: AnnouncedResource, in api: API) -> Int? {
        kept.firstIndex {
            $0.kind == announced.kind && $0.id == announced.id && ($0.api ?? api) == api
        }
    }

    private func keep(_ announced: AnnouncedResource, in api: API) {
        var announced = announced
        announced.api = api
        if let place = place(of: announced, in: api) { kept[place] = announced } else { kept.append(announced) }
    }

    private func find(_ json: JSON, of announcer: String) throws(CallError) -> AnnouncedResource {
        let id = json["id"]?.stringValue ?? "", name = json["kind"]?.stringValue ?? ""
        guard ResourceKind.named(name) != nil else {
            throw CallError(.notFound, "\(announcer) has announced no \(Quote.short(name))", field: "kind")
        }
        let (kind, api) = try AnnouncedResource.place(json)
        let found = kept.filter {
            $0.kind == kind && $0.id == id && (api == nil || $0.api == nil || $0.api == api)
                && ($0.announcer == nil || $0.announcer == announcer)
        }
        guard found.count < 2 else {
            throw CallError(.invalidRequest, "\(Quote.short(id)) is announced for several APIs", field: "api")
        }
        guard let found = found.first else {
            throw CallError(
                .notFound, "\(announcer) has announced no \(kind.title) \(Quote.short(id))", field: "id")
        }
        return found
    }

    private func withdraw(_ announced: AnnouncedResource) async throws(CallError) {
        let table = dispatcher.current
        let api = announced.api
        if let api, let resource = table.resources.find(announced.kind, api, announced.id), resource.isAnnounced {
            if let instance = table.instance(api, resource.providerID) {
                try await dispatcher.unregister(resource, on: instance)
            }
            dispatcher.update { $0.resources.remove(resource.kind, api, id: resource.id) }
            await dispatcher.tell(.unregister, resource, log: log)
        }
        kept.removeAll { $0.kind == announced.kind && $0.id == announced.id && $0.api == api }
        try await save()
    }

    private func save() async throws(CallError) {
        guard let state else { return }
        let bytes = JSON.array(kept.map(\.kept)).bytes
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

extension RoutingTable {
    /// One that adapts another goes where that is; any other to the default provider of its API.
    fileprivate func server(of announced: AnnouncedResource) throws(CallError) -> Instance {
        let kind = announced.kind, apis = announced.api.map { [$0] } ?? kind.apis
        if let base = announced.resource.base ?? announced.beside {
            let field = announced.resource.base == nil ? "beside" : "base"
            guard let found = apis.lazy.compactMap({ resources.find(kind, $0, base) }).first else {
                throw CallError(kind.unknownCode, "there is no \(kind.title) \(Quote.short(base))", field: field)
            }
            guard let instance = instance(found.api, found.providerID) else {
                throw CallError(
                    .providerUnavailable, "the provider of \(Quote.short(base)), \(found.providerID), is not running",
                    field: field)
            }
            return instance
        }
        guard let api = apis.first(where: { api in instances.contains { $0.api == api } }) else {
            throw CallError(
                .apiNotServed,
                "this distribution has no provider for " + apis.map { "'\($0.rawValue)'" }.joined(separator: " or "))
        }
        guard let instance = instances.first(where: { $0.api == api && $0.descriptor.takes(kind) }) else {
            throw CallError(.notImplemented, "no provider of '\(api.rawValue)' here takes \(kind.titles)")
        }
        return instance
    }
}
