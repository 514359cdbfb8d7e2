import Foundation
import LlamaStackAPI

/// One start of a distribution: finds, checks, loads, orders, creates, registers. Collects what can be known before
/// anything is created; from there on the first failure ends it.
final class Starting: Sendable {
    /// How long `create` and the registration of one resource may take.
    static let createSecondsMax = 600.0
    static let undoSecondsMax = 5.0

    /// A provider whose library is loaded and whose config fits.
    struct Prepared: Sendable {
        var entry: Manifest.ProviderEntry
        var libraryPath: String
        var descriptor: ProviderDescriptor
    }

    let manifest: Manifest
    let log: LogSink
    private let runtime: any ProviderRuntime
    private let metrics: MetricsSink
    private let search: PluginSearch
    private let switchboard: Switchboard

    init(manifest: Manifest, environment: [String: String], log: LogSink, metrics: MetricsSink) {
        (self.manifest, self.log, self.metrics) = (manifest, log, metrics)
        switchboard = Switchboard(callSecondsMax: manifest.server.callSecondsMax)
        runtime = InlineRuntime(log: log)
        search = PluginSearch(providerPath: manifest.providerPath, environment: environment)
    }

    func run() async throws(StartFailure) -> Stack {
        let prepared = try await prepare()
        let ordered = try order(prepared)
        let state = try await OffPool.run { self.openState() }.get()
        let announcements = Announcements(switchboard: switchboard, state: state, log: log)
        var started: [RoutingTable.Instance] = []
        do throws(StartFailure) {
            for provider in ordered {
                guard let instance = try await create(provider, state, announcements) else { continue }
                started.append(instance)
                switchboard.update { $0.add(instance) }
            }
            try await registerModels()
        } catch {
            for instance in started.reversed() { await instance.channel.close(withinSeconds: Self.undoSecondsMax) }
            throw error
        }
        putInFileOrder()
        await announcements.restore()
        return Stack(
            manifest: manifest, log: log, switchboard: switchboard, announcements: announcements, state: state,
            started: started)
    }

    // MARK: before anything is created

    /// Libraries and configs: every mistake of every provider.
    private func prepare() async throws(StartFailure) -> [Prepared] {
        var prepared: [Prepared] = []
        let known = await OffPool.run { KnownResources(self.manifest) }
        var failures = await OffPool.run { self.missingFiles() }
        for entry in manifest.providers {
            do throws(StartFailure) {
                prepared.append(try await prepare(entry, known))
            } catch {
                guard entry.isOptional else {
                    failures += error.diagnostics
                    continue
                }
                fail(entry, error.diagnostics.first?.message ?? "")
            }
        }
        guard failures.isEmpty else { throw StartFailure(failures) }
        return prepared
    }

    /// Of the models that must be served.
    private func missingFiles() -> [FileDiagnostic] {
        manifest.models.filter { model in
            !model.isOptional && manifest.inferenceProvider(of: model)?.isOptional == false
        }.flatMap { missingFiles(of: $0) }
    }

    /// Only providers of this machine are known to read them.
    private func missingFiles(of model: Manifest.ModelEntry) -> [FileDiagnostic] {
        guard manifest.inferenceProvider(of: model)?.providerType.hasPrefix("inline::") == true else { return [] }
        return ModelFiles(source: manifest.source, directory: manifest.directory).missing(of: model)
    }

    private func prepare(
        _ entry: Manifest.ProviderEntry, _ known: KnownResources
    ) async throws(StartFailure) -> Prepared {
        let path: String, descriptor: ProviderDescriptor
        do throws(PluginRefusal) {
            path = try await OffPool.run { self.find(entry) }.get()
            descriptor = try await runtime.describe(path)
                .provider(api: entry.api.rawValue, type: entry.providerType)
        } catch {
            throw StartFailure([
                manifest.source.diagnostic(entry.libraryPosition, error.code, error.message, hint: error.hint)
            ])
        }
        let places = ConfigPlaces(entry: entry, source: manifest.source, schema: descriptor.configSchema)
        let mistakes = ConfigSchema.mistakes(in: places.json, schema: descriptor.configSchema)
        guard mistakes.isEmpty else { throw StartFailure(mistakes.map(places.diagnostic)) }
        let unknown = places.unknownResources(known)
        guard unknown.isEmpty else { throw StartFailure(unknown) }
        return Prepared(entry: entry, libraryPath: path, descriptor: descriptor)
    }

    private func find(_ entry: Manifest.ProviderEntry) -> Result<String, PluginRefusal> {
        do throws(PluginRefusal) {
            return .success(
                try search.find(
                    api: entry.api.rawValue, type: entry.providerType, library: entry.library,
                    directory: manifest.directory))
        } catch {
            return .failure(error)
        }
    }

    private func order(_ prepared: [Prepared]) throws(StartFailure) -> [Prepared] {
        var failures: [FileDiagnostic] = []
        var needs: [[Int]] = []
        for provider in prepared {
            var needed: [Int] = []
            for need in provider.descriptor.needs {
                let isWish = need.hasSuffix("?")
                let api = isWish ? String(need.dropLast()) : need
                let serving = prepared.indices.filter { prepared[$0].entry.api.rawValue == api }
                if serving.isEmpty, !isWish, !provider.entry.isOptional {
                    failures.append(
                        manifest.source.diagnostic(
                            provider.entry.position, "missing_api",
                            "\(provider.entry.label) needs the API \(Quote.short(api)), which no provider of this distribution serves",
                            hint: "add a provider under 'providers: \(api):'"))
                }
                needed += serving
            }
            needs.append(needed)
        }
        guard failures.isEmpty else { throw StartFailure(failures) }
        do throws(StartOrder.Cycle) {
            return try StartOrder.sorted(needs).map { prepared[$0] }
        } catch {
            let names = error.path.map { prepared[$0].entry.label }.joined(separator: " → ")
            throw StartFailure([
                manifest.source.diagnostic(
                    prepared[error.path[0]].entry.position, "dependency_cycle", "providers need each other: \(names)")
            ])
        }
    }

    private func openState() -> Result<StateFolder?, StartFailure> {
        guard let path = manifest.statePath else { return .success(nil) }
        do throws(StateFolder.Failure) {
            return .success(try StateFolder(path: path))
        } catch {
            return .failure(stateFailure(error))
        }
    }

    private func stateFailure(_ error: StateFolder.Failure) -> StartFailure {
        StartFailure(
            [manifest.source.diagnostic(nil, "state", error.message, hint: error.hint)], exitCode: error.exitCode)
    }

    // MARK: create

    /// nil when it is optional and did not start.
    private func create(
        _ provider: Prepared, _ state: StateFolder?, _ announcements: Announcements
    ) async throws(StartFailure) -> RoutingTable.Instance? {
        let entry = provider.entry
        let folder = try await OffPool.run { self.instanceFolder(state, entry) }.get()
        let switchboard = switchboard
        let reach = HostReach(
            log: log, metrics: metrics,
            call: { [weak switchboard] request, sink throws(CallError) in
                guard let switchboard else { throw CallError(.shuttingDown, "the server is shutting down") }
                return try switchboard.call(target: request.target, request, into: sink)
            },
            announce: { [weak announcements] resource in
                guard let announcements else { return CallError(.shuttingDown, "the server is shutting down") }
                return await announcements.announce(resource)
            })
        let places = ConfigPlaces(
            entry: entry, source: manifest.source, schema: provider.descriptor.configSchema)
        do throws(CreateFailure) {
            var setup = InstanceSetup(
                library: provider.libraryPath, provider: provider.descriptor, providerID: entry.providerID,
                config: places.json.bytes)
            setup.statePath = folder
            setup.basePath = manifest.directory
            let channel = try await runtime.create(setup, host: reach, withinSeconds: Self.createSecondsMax)
            return RoutingTable.Instance(
                api: entry.api, providerID: entry.providerID, descriptor: provider.descriptor,
                libraryPath: provider.libraryPath, channel: channel)
        } catch {
            let failure = places.failure(error)
            guard entry.isOptional else { throw failure }
            fail(entry, failure.diagnostics.first?.message ?? "")
            return nil
        }
    }

    private func instanceFolder(_ state: StateFolder?, _ entry: Manifest.ProviderEntry) -> Result<String, StartFailure>
    {
        guard let state else { return .success("") }
        do throws(StateFolder.Failure) {
            return .success(try state.folder(api: entry.api.rawValue, providerID: entry.providerID))
        } catch {
            return .failure(stateFailure(error))
        }
    }

    private func fail(_ entry: Manifest.ProviderEntry, _ reason: String) {
        log.log(.warning, "optional provider \(entry.label) did not start: \(reason)")
        switchboard.update { $0.failed.append((entry.api, entry.providerID, reason)) }
    }

    /// Routing takes the first of an API for its default: the file's first, not the first that could start.
    private func putInFileOrder() {
        let labels = manifest.providers.map(\.label)
        switchboard.update { table in
            table.sortInstances { labels.firstIndex(of: $0.label) ?? 0 }
        }
    }

    // MARK: models

    /// Models before the adapters that build on them.
    private func registerModels() async throws(StartFailure) {
        for model in manifest.models.filter({ $0.base == nil }) + manifest.models.filter({ $0.base != nil }) {
            guard let instance = switchboard.current.instance(.inference, model.providerID) else {
                // Its provider is optional and did not start; a call to it will say so.
                switchboard.update { $0.add(RoutingTable.Model(model)) }
                continue
            }
            let missing = await OffPool.run { self.missingFiles(of: model) }
            if let first = missing.first {
                guard model.isOptional else { throw StartFailure(missing) }
                leaveOut(model, first.message)
                continue
            }
            do {
                let resource = try Resource(json: .object(model.resource), at: .root)
                try await switchboard.register(resource, on: instance)
            } catch {
                let failure = refusal(of: model, by: instance, error)
                guard model.isOptional else { throw failure }
                leaveOut(model, failure.diagnostics.first?.message ?? "")
                continue
            }
            switchboard.update { $0.add(RoutingTable.Model(model)) }
        }
    }

    private func leaveOut(_ model: Manifest.ModelEntry, _ reason: String) {
        log.log(.warning, "optional model \(Quote.short(model.modelID)) is left out: \(reason)")
        switchboard.update { $0.leaveOut(RoutingTable.Model(model), reason) }
    }

    private func refusal(
        of model: Manifest.ModelEntry, by instance: RoutingTable.Instance, _ error: any Error
    ) -> StartFailure {
        let error = error as? CallError ?? CallError(.internal, "\(error)")
        let reason = error.operatorMessage ?? error.message
        let code = error.operatorCode ?? error.code
        // What names a file is about that.
        let file = model.files.first { reason.contains($0.path) }
        return StartFailure(
            [
                manifest.source.diagnostic(
                    file?.position ?? model.position, code.code,
                    "\(instance.label) can't serve model \(Quote.short(model.modelID)): \(reason)")
            ], exitCode: code.exitCode)
    }
}

extension Manifest {
    fileprivate func inferenceProvider(of model: ModelEntry) -> ProviderEntry? {
        providers.first { $0.api == .inference && $0.providerID == model.providerID }
    }
}

extension RoutingTable.Model {
    init(_ entry: Manifest.ModelEntry) {
        self.init(
            modelID: entry.modelID, providerID: entry.providerID, aliases: entry.aliases, base: entry.base,
            isAnnounced: false)
    }
}
