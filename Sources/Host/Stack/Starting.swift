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
    private let metrics: MetricsSink
    private let search: PluginSearch
    private let switchboard: Switchboard

    init(
        manifest: Manifest, environment: [String: String], log: LogSink, metrics: MetricsSink, callDepthMax: Int
    ) {
        (self.manifest, self.log, self.metrics) = (manifest, log, metrics)
        switchboard = Switchboard(callDepthMax: callDepthMax)
        search = PluginSearch(providerPath: manifest.providerPath, environment: environment)
    }

    func run() async throws(StartFailure) -> Stack {
        let prepared = try await OffPool.run { self.prepare() }.get()
        let ordered = try order(prepared)
        let state = try await OffPool.run { self.openState() }.get()
        let registry = ResourceRegistry(switchboard: switchboard, state: state, log: log)
        var started: [RoutingTable.Instance] = []
        do throws(StartFailure) {
            for provider in ordered {
                guard let instance = try await create(provider, state, registry) else { continue }
                started.append(instance)
                switchboard.update { $0.add(instance) }
            }
            try await resources.register()
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

    /// Libraries and configs: every mistake of every provider. Blocks.
    private func prepare() -> Result<[Prepared], StartFailure> {
        var prepared: [Prepared] = []
        var failures: [FileDiagnostic] = []
        for entry in manifest.providers {
            do throws(StartFailure) {
                prepared.append(try prepare(entry))
            } catch {
                guard entry.isOptional else {
                    failures += error.diagnostics
                    continue
                }
                fail(entry, error.diagnostics.first?.message ?? "")
            }
        }
        failures += resources.mistakes { label in prepared.first { $0.entry.label == label }?.descriptor }
        return failures.isEmpty ? .success(prepared) : .failure(StartFailure(failures))
    }

    private var resources: ListedResources { ListedResources(manifest: manifest, switchboard: switchboard, log: log) }

    private func prepare(_ entry: Manifest.ProviderEntry) throws(StartFailure) -> Prepared {
        let path: String, descriptor: ProviderDescriptor
        do throws(PluginRefusal) {
            path = try search.find(
                api: entry.api.rawValue, type: entry.providerType, library: entry.library,
                directory: manifest.directory)
            descriptor = try PluginLibrary.load(path).provider(api: entry.api.rawValue, type: entry.providerType)
        } catch {
            throw StartFailure([
                manifest.source.diagnostic(entry.position, error.code, error.message, hint: error.hint)
            ])
        }
        let places = ConfigPlaces(entry, manifest.source)
        let mistakes = ConfigSchema.mistakes(in: places.json, schema: descriptor.configSchema)
        guard mistakes.isEmpty else { throw StartFailure(mistakes.map(places.diagnostic)) }
        return Prepared(entry: entry, libraryPath: path, descriptor: descriptor)
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
        _ provider: Prepared, _ state: StateFolder?, _ registry: ResourceRegistry
    ) async throws(StartFailure) -> RoutingTable.Instance? {
        let entry = provider.entry
        let folder = try await OffPool.run { self.instanceFolder(state, entry) }.get()
        let switchboard = switchboard, label = entry.label, api = entry.api
        let services = HostServices(
            label: entry.label, needs: provider.descriptor.needs, log: log, metrics: metrics,
            reach: HostServices.Reach(
                call: { [weak switchboard] target, request, sink throws(CallError) in
                    guard let switchboard else { throw CallError(.shuttingDown, "the server is shutting down") }
                    return try switchboard.call(from: api, target: target, request, into: sink)
                },
                announce: { [weak registry] resource in
                    guard let registry else { return CallError(.shuttingDown, "the server is shutting down") }
                    return await registry.announce(resource, from: label)
                },
                withdraw: { [weak registry] resource in
                    guard let registry else { return CallError(.shuttingDown, "the server is shutting down") }
                    return await registry.withdraw(resource, from: label)
                }))
        let places = ConfigPlaces(entry, manifest.source)
        do throws(InlineChannel.CreateFailure) {
            let channel = try await InlineChannel.create(
                provider.descriptor, providerID: entry.providerID, config: places.json.bytes, statePath: folder,
                basePath: manifest.directory, services: services, log: log, withinSeconds: Self.createSecondsMax)
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
