import Foundation
import LlamaStackAPI
import Networking
import Synchronization

/// A distribution at work: its providers loaded, created, wired to each other, its resources registered.
package final class Stack: Sendable {
    /// How deep providers' calls to each other may be nested.
    package static let callDepthMax = 16

    /// Reads the distribution again.
    package typealias Source = @Sendable () -> Result<Manifest, StartFailure>

    /// The start that made it.
    let launcher: Launcher
    /// nil: it can't be read again.
    let source: Source?
    let dispatcher: Dispatcher
    let registry: ResourceRegistry
    let state: StateFolder?
    let running: Mutex<Running>
    private let isStopping = Atomic<Bool>(false)
    /// It is about to end: what runs may end by itself, and nothing is changed any more.
    private let isLeaving = Atomic<Bool>(false)
    let control = Mutex<ControlServer?>(nil)

    init(
        launcher: Launcher, source: Source?, dispatcher: Dispatcher, registry: ResourceRegistry, state: StateFolder?,
        running: Running
    ) {
        (self.launcher, self.source, self.dispatcher) = (launcher, source, dispatcher)
        (self.registry, self.state) = (registry, state)
        self.running = Mutex(running)
    }

    /// Does everything that `run` does up to listening. Whatever goes wrong is at its place in the file, and nothing
    /// is left running then. Works off Swift's pool.
    ///
    /// - Parameters:
    ///   - environment: for LLAMA_STACK_PROVIDER_PATH.
    ///   - callDepthMax: how deep providers' calls to each other may be nested.
    ///   - source: reads the distribution again, for ``reload()``. May block.
    package static func start(
        _ manifest: Manifest, environment: [String: String] = ProcessInfo.processInfo.environment,
        log: LogSink = .discard, metrics: MetricsSink = .discard, callDepthMax: Int = Stack.callDepthMax,
        source: Source? = nil
    ) async throws(StartFailure) -> Stack {
        let launcher = Launcher(
            manifest: manifest, environment: environment, log: log, metrics: metrics, callDepthMax: callDepthMax)
        return try await launcher.run(source: source)
    }

    /// The file that it runs.
    package var manifest: Manifest { running.withLock { $0.manifest } }

    var log: LogSink { launcher.log }

    /// Adds to a count of what serves the stack, beside the metrics of its providers.
    ///
    /// - Parameters:
    ///   - name: snake_case, the unit last.
    ///   - labels: of few values each: never the text of requests.
    ///   - source: who counts.
    package func count(_ name: String, by value: Int, labels: [String: String], source: String) {
        launcher.metrics.record(
            Measurement(kind: .counter, name: name, value: Double(value), labels: labels, source: source))
    }

    var currentTable: RoutingTable { dispatcher.current }

    /// Now: announcements add resources while the stack runs.
    package var summary: Summary { Summary(dispatcher.current) }

    /// Finds the provider and starts the call. Throws (404, 501, 503) before anything is started.
    ///
    /// - Parameter resourceName: the id or alias that the client used, for endpoints routed by a listed resource.
    package func call(
        _ endpoint: EndpointDescription, resourceName: String? = nil, request: CallRequest
    ) throws(CallError) -> Answer {
        guard !isStopping.load(ordering: .relaxed) else {
            throw CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)
        }
        return try dispatcher.call(endpoint, resourceName: resourceName, request: request)
    }

    /// Whether the provider that the call would go to supports an option beyond the draft ("seed"); nil when the call
    /// would fail anyway.
    package func supports(
        _ option: String, _ endpoint: EndpointDescription, resourceName: String?
    ) -> Bool? {
        guard let destination = try? dispatcher.current.destination(of: endpoint, name: resourceName) else {
            return nil
        }
        return destination.instance.descriptor.method(endpoint.method)?.options.contains(option)
    }

    /// From now on the distribution stays as it is. The first step of a shutdown, while calls may still run.
    package func refuseReloads() { isLeaving.store(true, ordering: .sequentiallyConsistent) }

    var mayChange: Bool { !isLeaving.load(ordering: .sequentiallyConsistent) }

    /// Ends every call, then stops the providers, those that need others first. At most `seconds`, all together.
    /// Calls from now on are refused with 503. To be called once; waiting for calls to end by themselves is the
    /// front's affair.
    package func shutdown(withinSeconds seconds: Double) async {
        isStopping.store(true, ordering: .relaxed)
        refuseReloads()
        registry.close()
        let control = control.withLock { $0.take() }
        await OffPool.run { control?.stop() }
        let end = ContinuousClock.now + .seconds(max(0, seconds))
        for provider in running.withLock({ $0.providers }).reversed() {
            let left = end - .now
            await provider.slot.close(withinSeconds: max(0.1, left / .seconds(1)))
        }
        await endReload(withinSeconds: max(0.1, (end - .now) / .seconds(1)))
        await launcher.network.close()
        state?.release()
    }
}

extension Summary {
    init(_ table: RoutingTable) {
        providers = table.instances.map { instance in
            Provider(
                api: instance.api, providerID: instance.providerID, providerType: instance.descriptor.type,
                version: instance.descriptor.version, runtime: instance.descriptor.runtime,
                libraryPath: instance.libraryPath, methods: instance.descriptor.methods.map(\.name),
                needs: instance.descriptor.needs)
        }
        resources = table.resources.all.map { resource in
            Resource(
                kind: resource.kind, api: resource.api, id: resource.id, providerID: resource.providerID,
                aliases: resource.aliases, base: resource.base, isAnnounced: resource.isAnnounced)
        }
        failed = table.failed.map { ("\($0.api.rawValue)/\($0.providerID)", $0.reason) }
        failed += table.resources.leftOut.map { ($0.resource.id, $0.reason) }
    }
}
