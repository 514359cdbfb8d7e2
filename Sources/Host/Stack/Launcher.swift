import ChildProcess
import Foundation
import LlamaStackAPI
import Networking

/// Starts a distribution: finds, checks and loads libraries, orders and creates instances, registers resources. Reports
/// all errors that can be found before anything is created; after that, the first failure ends the start.
final class Launcher: Sendable {
    static let undoSecondsMax = 5.0

    /// A provider whose library is loaded and whose config fits.
    struct Prepared: Sendable {
        var entry: Manifest.ProviderEntry
        var libraryPath: String
        /// The library file's stamp when it was opened.
        var stamp: FileStamp?
        var descriptor: ProviderDescriptor
        var runtime: any ProviderRuntime
    }

    /// A file that is checked as far as can be before anything is created.
    struct Preparation: Sendable {
        /// In the order in which they start.
        var providers: [Prepared]
        /// The optional providers that are left out, and why.
        var failed: [(entry: Manifest.ProviderEntry, reason: String)]
    }

    let manifest: Manifest
    let log: LogSink
    /// Seconds that a library may take to be described and an instance to be created, in a start that only checks.
    private let checkSeconds: Double?
    let metrics: MetricsSink
    private let search: PluginSearch
    private let environment: [String: String]
    private let dispatcher: Dispatcher
    let network: NetworkService

    convenience init(
        manifest: Manifest, environment: [String: String], log: LogSink, metrics: MetricsSink, callDepthMax: Int,
        checkSeconds: Double? = nil
    ) {
        self.init(
            manifest: manifest, environment: environment, log: log, metrics: metrics,
            dispatcher: Dispatcher(
                callDepthMax: callDepthMax, callSecondsMax: manifest.server.limits.callSecondsMax,
                registerSecondsMax: checkSeconds ?? manifest.server.limits.createSecondsMax, log: log),
            network: NetworkService(manifest.network, log: log), checkSeconds: checkSeconds)
    }

    /// The same for another file: what it starts joins what runs.
    func with(_ manifest: Manifest) -> Launcher {
        Launcher(
            manifest: manifest, environment: environment, log: log, metrics: metrics, dispatcher: dispatcher,
            network: network, checkSeconds: checkSeconds)
    }

    private init(
        manifest: Manifest, environment: [String: String], log: LogSink, metrics: MetricsSink,
        dispatcher: Dispatcher, network: NetworkService, checkSeconds: Double?
    ) {
        (self.network, self.checkSeconds) = (network, checkSeconds)
        (self.manifest, self.log, self.metrics) = (manifest, log, metrics)
        self.dispatcher = dispatcher
        self.environment = environment
        search = PluginSearch(providerPath: manifest.providerPath, environment: environment)
    }

    /// - Parameter source: reads the file again, for a reload.
    func run(source: Stack.Source?) async throws(StartFailure) -> Stack {
        let preparation = try await prepare { $0.isOptional }
        for (entry, reason) in preparation.failed { fail(entry, reason) }
        let state = try await OffPool.run { self.openState() }.get()
        let registry = ResourceRegistry(dispatcher: dispatcher, state: state, log: log)
        var started: [RunningProvider] = []
        var failed = FailedStarts()
        do throws(StartFailure) {
            for provider in preparation.providers where !failed.concern(provider) {
                do throws(StartFailure) {
                    guard let channel = try await optional(provider, state, registry) else { continue }
                    let running = RunningProvider(
                        prepared: provider, launcher: self, channel: channel,
                        waitSeconds: manifest.server.limits.drainSeconds)
                    started.append(running)
                    dispatcher.update { $0.add(running.instance) }
                } catch {
                    guard checkSeconds != nil else { throw error }
                    failed.add(provider, error)
                }
            }
            try await failed.adding { () async throws(StartFailure) in try await resources.register() }
        } catch {
            registry.close()
            for provider in started.reversed() { await provider.slot.close(withinSeconds: Self.undoSecondsMax) }
            await network.close()
            throw error
        }
        putInFileOrder()
        await registry.open()
        return Stack(
            launcher: self, source: source, dispatcher: dispatcher, registry: registry, state: state,
            running: Running(manifest: manifest, providers: started))
    }

    // MARK: before anything is created

    /// Libraries, configs and needs: every mistake of every provider.
    ///
    /// - Parameter mayFail: which entries can be done without.
    func prepare(
        mayFail: (Manifest.ProviderEntry) -> Bool
    ) async throws(StartFailure) -> Preparation {
        var prepared: [Prepared] = []
        var failed: [(entry: Manifest.ProviderEntry, reason: String)] = []
        let known = await OffPool.run { Self.knownResources(self.manifest) }
        var failures = await OffPool.run { self.resources.missingFiles() + self.missingNetworkFiles() }
        for entry in manifest.providers {
            do throws(StartFailure) {
                prepared.append(try await prepare(entry, known))
            } catch {
                // A thread of ours is inside that library: nothing that this process loads later can be relied on.
                let isStuck = error.diagnostics.contains { $0.code == PluginRefusal.stuck }
                guard mayFail(entry), !isStuck else {
                    failures += error.diagnostics
                    continue
                }
                failed.append((entry, error.diagnostics.first?.message ?? ""))
            }
        }
        failures += resources.mistakes { label in prepared.first { $0.entry.label == label }?.descriptor }
        guard failures.isEmpty else {
            let isOfLibraries = failures.allSatisfy { $0.code == PluginRefusal.endedProcess }
            throw StartFailure(failures, exitCode: isOfLibraries ? ErrorCode.providerCrashed.exitCode : 78)
        }
        return Preparation(providers: try order(prepared), failed: failed)
    }

    var resources: ListedResources { ListedResources(manifest: manifest, dispatcher: dispatcher, log: log) }

    /// Those of the file, and those that providers announced in earlier runs. Blocks on the disk.
    private static func knownResources(_ manifest: Manifest) -> KnownResources {
        var known = KnownResources(manifest)
        for resource in manifest.statePath.map(ResourceRegistry.kept(inStateAt:)) ?? [] {
            known.add([resource.id], of: resource.kind)
        }
        return known
    }

    private func prepare(
        _ entry: Manifest.ProviderEntry, _ known: KnownResources
    ) async throws(StartFailure) -> Prepared {
        try await checkLimits(of: entry)
        let path: String, stamp: FileStamp?, descriptor: ProviderDescriptor, runtime: any ProviderRuntime
        do throws(PluginRefusal) {
            path = try await OffPool.run { self.find(entry) }.get()
            runtime = try self.runtime(of: entry)
            let before = await OffPool.run { FileStamp(path: path) }
            descriptor = try await runtime.describe(path)
                .provider(api: entry.api.rawValue, type: entry.providerType)
            stamp =
                entry.process == nil && checkSeconds == nil
                ? await OffPool.run { InlineRuntime.stampWhenLoaded(path) } : before
        } catch {
            throw StartFailure([
                manifest.source.diagnostic(entry.libraryPosition, error.code, error.message, hint: error.hint)
            ])
        }
        let places = ConfigPlaces(entry, manifest.source, schema: descriptor.configSchema)
        let mistakes = ConfigSchema.mistakes(in: places.json, schema: descriptor.configSchema)
        guard mistakes.isEmpty else {
            throw StartFailure(
                mistakes.map { places.movedFetch($0, descriptor) ?? places.diagnostic($0) })
        }
        let addresses = places.wrongAddresses
        guard addresses.isEmpty else { throw StartFailure(addresses) }
        let inResources = mistakesInResources(of: entry, descriptor)
        guard inResources.isEmpty else { throw StartFailure(inResources) }
        let unknown = places.unknownResources(known)
        guard unknown.isEmpty else { throw StartFailure(unknown) }
        return Prepared(entry: entry, libraryPath: path, stamp: stamp, descriptor: descriptor, runtime: runtime)
    }

    private func runtime(of entry: Manifest.ProviderEntry) throws(PluginRefusal) -> any ProviderRuntime {
        let loadSeconds = min(ProcessRuntime.loadSecondsMax, manifest.server.limits.createSecondsMax)
        if let checkSeconds {
            return try ProcessRuntime(
                settings: IsolationSettings(checking: entry, environment), environment: environment,
                loadSecondsMax: checkSeconds, log: log)
        }
        guard let settings = entry.process else { return InlineRuntime(log: log, loadSecondsMax: loadSeconds) }
        return try ProcessRuntime(
            settings: settings, environment: environment, loadSecondsMax: loadSeconds, log: log)
    }

    /// Limits that this machine can't hold: an error, or a warning where the entry says `best_effort`.
    private func checkLimits(of entry: Manifest.ProviderEntry) async throws(StartFailure) {
        guard let limits = entry.process?.limits else { return }
        let unheld = await OffPool.run { LimitPlan(limits).unheld }
        guard !unheld.isEmpty else { return }
        guard limits.isBestEffort else {
            throw StartFailure(
                unheld.map {
                    manifest.source.diagnostic(
                        entry.limitsPosition, "limit_not_held", $0, hint: "say 'best_effort: true' to start without it")
                })
        }
        for sentence in unheld { log.log(.warning, sentence, source: entry.label) }
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

    /// Those that others need come first. Of some that need each other an optional one is left out.
    private func order(_ prepared: [Prepared]) throws(StartFailure) -> [Prepared] {
        var prepared = prepared
        while true {
            let needs = try needs(of: prepared)
            do throws(StartOrder.Cycle) {
                return try StartOrder.sorted(needs).map { prepared[$0] }
            } catch {
                let names = error.path.map { prepared[$0].entry.label }.joined(separator: " → ")
                let message = "providers need each other: \(names)"
                guard let optional = error.path.first(where: { prepared[$0].entry.isOptional }) else {
                    throw StartFailure([
                        manifest.source.diagnostic(
                            prepared[error.path[0]].entry.position, "dependency_cycle", message)
                    ])
                }
                fail(prepared.remove(at: optional).entry, message)
            }
        }
    }

    /// For each provider, the indices of those that it needs.
    private func needs(of prepared: [Prepared]) throws(StartFailure) -> [[Int]] {
        var failures: [FileDiagnostic] = []
        var needs: [[Int]] = []
        for provider in prepared {
            var needed: [Int] = []
            for need in provider.descriptor.needs {
                let isWish = need.hasSuffix("?")
                let api = isWish ? String(need.dropLast()) : need
                // Not an API: what it is to be told of, and the host's own service.
                guard ResourceKind.inSection(api) == nil, api != NetworkCall.target else { continue }
                // One that it can do without may be of a later version.
                if !isWish, !provider.entry.isOptional, let mistake = missingAPI(api, neededBy: provider) {
                    failures.append(mistake)
                    continue
                }
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
        return needs
    }

    /// A need that no distribution can meet is the library's mistake; nil when there is such an API.
    private func missingAPI(_ api: String, neededBy provider: Prepared) -> FileDiagnostic? {
        let all = API.allCases.map(\.rawValue)
        guard !all.contains(api) else { return nil }
        let close = Spelling.closest(to: api, in: all).map { " (did it mean '\($0)'?)" }
        return manifest.source.diagnostic(
            provider.entry.libraryPosition, "unknown_api",
            "\(provider.libraryPath): its 'needs' names \(Quote.short(api)), which is not an API"
                + (close ?? "; there are \(all.joined(separator: ", "))"),
            hint: "this must be mended in the library, not in the distribution")
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
    private func optional(
        _ provider: Prepared, _ state: StateFolder?, _ registry: ResourceRegistry
    ) async throws(StartFailure) -> (any Channel)? {
        do throws(StartFailure) {
            return try await create(provider, state, registry)
        } catch {
            guard provider.entry.isOptional else { throw error }
            fail(provider.entry, error.diagnostics.first?.message ?? "")
            return nil
        }
    }

    /// The instance, which serves nothing yet.
    func create(
        _ provider: Prepared, _ state: StateFolder?, _ registry: ResourceRegistry
    ) async throws(StartFailure) -> any Channel {
        let entry = provider.entry
        let folder = try await OffPool.run { self.instanceFolder(state, entry) }.get()
        let dispatcher = dispatcher, label = entry.label, api = entry.api
        let places = ConfigPlaces(entry, manifest.source, schema: provider.descriptor.configSchema)
        let access = network.access(
            of: provider.descriptor, label, endpoints: origins(of: entry, provider.descriptor))
        let reach = HostReach(
            log: log, metrics: metrics,
            call: { [weak dispatcher, network] request, sink throws(CallError) in
                if request.target == NetworkCall.target { return try network.start(request, access, into: sink) }
                guard let dispatcher else { throw CallError(.shuttingDown, "the server is shutting down") }
                return try dispatcher.call(from: api, target: request.target, request, into: sink)
            },
            announce: { [weak registry] resource in
                guard let registry else { return CallError(.shuttingDown, "the server is shutting down") }
                return await registry.announce(resource, from: label)
            },
            withdraw: { [weak registry] resource in
                guard let registry else { return CallError(.shuttingDown, "the server is shutting down") }
                return await registry.withdraw(resource, from: label)
            })
        do throws(CreateFailure) {
            var setup = InstanceSetup(
                library: provider.libraryPath, provider: provider.descriptor, providerID: entry.providerID,
                config: places.json.bytes)
            setup.statePath = folder
            setup.basePath = manifest.directory
            if checkSeconds != nil { setup.purpose = .check }
            return try await provider.runtime.create(
                setup, host: reach, withinSeconds: checkSeconds ?? manifest.server.limits.createSecondsMax)
        } catch {
            throw places.failure(error)
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

    /// Does without an optional one.
    func fail(_ entry: Manifest.ProviderEntry, _ reason: String) {
        log.log(.warning, "optional provider \(entry.label) did not start: \(reason)")
        dispatcher.update { $0.failed.append((entry.api, entry.providerID, reason)) }
    }

    /// Routing takes the first of an API for its default: the file's first, not the first that could start.
    func putInFileOrder() {
        let labels = manifest.providers.map(\.label)
        dispatcher.update { table in
            table.sortInstances { labels.firstIndex(of: $0.label) ?? labels.count }
        }
    }
}
