import ChildProcess
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
        var runtime: any ProviderRuntime
    }

    let manifest: Manifest
    let log: LogSink
    /// Of a start that only checks: how long a library may take to say what it holds, and an instance to be created.
    private let checkSeconds: Double?
    private let metrics: MetricsSink
    private let search: PluginSearch
    private let environment: [String: String]
    private let switchboard: Switchboard

    init(
        manifest: Manifest, environment: [String: String], log: LogSink, metrics: MetricsSink, callDepthMax: Int,
        checkSeconds: Double? = nil
    ) {
        self.checkSeconds = checkSeconds
        (self.manifest, self.log, self.metrics) = (manifest, log, metrics)
        switchboard = Switchboard(callDepthMax: callDepthMax, callSecondsMax: manifest.server.callSecondsMax)
        self.environment = environment
        search = PluginSearch(providerPath: manifest.providerPath, environment: environment)
    }

    func run() async throws(StartFailure) -> Stack {
        let prepared = try await prepare()
        let ordered = try order(prepared)
        let state = try await OffPool.run { self.openState() }.get()
        let registry = ResourceRegistry(switchboard: switchboard, state: state, log: log)
        var started: [RoutingTable.Instance] = []
        var failed = FailedStarts()
        do throws(StartFailure) {
            for provider in ordered where !failed.concern(provider) {
                do throws(StartFailure) {
                    guard let instance = try await create(provider, state, registry) else { continue }
                    started.append(instance)
                    switchboard.update { $0.add(instance) }
                } catch {
                    guard checkSeconds != nil else { throw error }
                    failed.add(provider, error)
                }
            }
            try await failed.adding { () async throws(StartFailure) in try await resources.register() }
        } catch {
            registry.close()
            for instance in started.reversed() { await instance.channel.close(withinSeconds: Self.undoSecondsMax) }
            throw error
        }
        putInFileOrder()
        await registry.open()
        return Stack(
            manifest: manifest, log: log, switchboard: switchboard, registry: registry, state: state,
            started: started)
    }

    // MARK: before anything is created

    /// Libraries and configs: every mistake of every provider.
    private func prepare() async throws(StartFailure) -> [Prepared] {
        var prepared: [Prepared] = []
        let known = await OffPool.run { KnownResources(self.manifest) }
        var failures = await OffPool.run { self.resources.missingFiles() }
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
        failures += resources.mistakes { label in prepared.first { $0.entry.label == label }?.descriptor }
        guard failures.isEmpty else {
            let isOfLibraries = failures.allSatisfy { $0.code == PluginRefusal.endedProcess }
            throw StartFailure(failures, exitCode: isOfLibraries ? ErrorCode.providerCrashed.exitCode : 78)
        }
        return prepared
    }

    private var resources: ListedResources { ListedResources(manifest: manifest, switchboard: switchboard, log: log) }

    private func prepare(
        _ entry: Manifest.ProviderEntry, _ known: KnownResources
    ) async throws(StartFailure) -> Prepared {
        try await checkLimits(of: entry)
        let path: String, descriptor: ProviderDescriptor, runtime: any ProviderRuntime
        do throws(PluginRefusal) {
            path = try await OffPool.run { self.find(entry) }.get()
            runtime = try self.runtime(of: entry)
            descriptor = try await runtime.describe(path)
                .provider(api: entry.api.rawValue, type: entry.providerType)
        } catch {
            throw StartFailure([
                manifest.source.diagnostic(entry.libraryPosition, error.code, error.message, hint: error.hint)
            ])
        }
        let places = ConfigPlaces(entry, manifest.source, schema: descriptor.configSchema)
        let mistakes = ConfigSchema.mistakes(in: places.json, schema: descriptor.configSchema)
        guard mistakes.isEmpty else { throw StartFailure(mistakes.map(places.diagnostic)) }
        let unknown = places.unknownResources(known)
        guard unknown.isEmpty else { throw StartFailure(unknown) }
        return Prepared(entry: entry, libraryPath: path, descriptor: descriptor, runtime: runtime)
    }

    private func runtime(of entry: Manifest.ProviderEntry) throws(PluginRefusal) -> any ProviderRuntime {
        if let checkSeconds {
            return try ProcessRuntime(
                settings: IsolationSettings(checking: entry, environment), describeSeconds: checkSeconds,
                environment: environment, log: log)
        }
        guard let settings = entry.process else { return InlineRuntime(log: log) }
        return try ProcessRuntime(settings: settings, environment: environment, log: log)
    }

    /// Limits that this machine can't hold: an error, or a warning where the entry says `best_effort`.
    private func checkLimits(of entry: Manifest.ProviderEntry) async throws(StartFailure) {
        guard let limits = entry.process?.limits else { return }
        let unheld = await OffPool.run { LimitPlan(limits).unheld }
        guard !unheld.isEmpty else { return }
        guard limits.isBestEffort else {
            throw StartFailure(
                unheld.map { manifest.source.diagnostic(entry.limitsPosition, "limit_not_held", $0, hint: "say 'best_effort: true' to start without it") })
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

    private func order(_ prepared: [Prepared]) throws(StartFailure) -> [Prepared] {
        var failures: [FileDiagnostic] = []
        var needs: [[Int]] = []
        for provider in prepared {
            var needed: [Int] = []
            for need in provider.descriptor.needs {
                let isWish = need.hasSuffix("?")
                let api = isWish ? String(need.dropLast()) : need
                // Not an API: what it is to be told of.
                guard ResourceKind.inSection(api) == nil else { continue }
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
    private func create(
        _ provider: Prepared, _ state: StateFolder?, _ registry: ResourceRegistry
    ) async throws(StartFailure) -> RoutingTable.Instance? {
        let entry = provider.entry
        let folder = try await OffPool.run { self.instanceFolder(state, entry) }.get()
        let switchboard = switchboard, label = entry.label, api = entry.api
        let reach = HostReach(
            log: log, metrics: metrics,
            call: { [weak switchboard] request, sink throws(CallError) in
                guard let switchboard else { throw CallError(.shuttingDown, "the server is shutting down") }
                return try switchboard.call(from: api, target: request.target, request, into: sink)
            },
            announce: { [weak registry] resource in
                guard let registry else { return CallError(.shuttingDown, "the server is shutting down") }
                return await registry.announce(resource, from: label)
            },
            withdraw: { [weak registry] resource in
                guard let registry else { return CallError(.shuttingDown, "the server is shutting down") }
                return await registry.withdraw(resource, from: label)
            })
        let places = ConfigPlaces(entry, manifest.source, schema: provider.descriptor.configSchema)
        do throws(CreateFailure) {
            var setup = InstanceSetup(
                library: provider.libraryPath, provider: provider.descriptor, providerID: entry.providerID,
                config: places.json.bytes)
            setup.statePath = folder
            setup.basePath = manifest.directory
            if checkSeconds != nil { setup.purpose = .check }
            let channel = try await provider.runtime.create(
                setup, host: reach, withinSeconds: checkSeconds ?? Self.createSecondsMax)
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
}
