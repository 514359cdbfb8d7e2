import Foundation
import LlamaStackAPI
import Synchronization

/// A distribution at work: its providers loaded, created, wired to each other, its resources registered.
package final class Stack: Sendable {
    /// How deep providers' calls to each other may be nested.
    package static let callDepthMax = 16

    package let manifest: Manifest
    let log: LogSink
    let switchboard: Switchboard
    private let registry: ResourceRegistry
    let state: StateFolder?
    /// In the order in which they were started.
    let started: [RoutingTable.Instance]
    private let isStopping = Atomic<Bool>(false)
    let control = Mutex<ControlServer?>(nil)

    init(
        manifest: Manifest, log: LogSink, switchboard: Switchboard, registry: ResourceRegistry, state: StateFolder?,
        started: [RoutingTable.Instance]
    ) {
        (self.manifest, self.log, self.switchboard) = (manifest, log, switchboard)
        (self.registry, self.state, self.started) = (registry, state, started)
    }

    /// Does everything that `run` does up to listening. Whatever goes wrong is at its place in the file, and nothing
    /// is left running then. Works off Swift's pool.
    ///
    /// - Parameters:
    ///   - environment: for LLAMA_STACK_PROVIDER_PATH.
    ///   - callDepthMax: how deep providers' calls to each other may be nested.
    package static func start(
        _ manifest: Manifest, environment: [String: String] = ProcessInfo.processInfo.environment,
        log: LogSink = .discard, metrics: MetricsSink = .discard, callDepthMax: Int = Stack.callDepthMax
    ) async throws(StartFailure) -> Stack {
        let starting = Starting(
            manifest: manifest, environment: environment, log: log, metrics: metrics, callDepthMax: callDepthMax)
        return try await starting.run()
    }

    var currentTable: RoutingTable { switchboard.current }

    /// Now: announcements add resources while the stack runs.
    package var summary: Summary { Summary(switchboard.current) }

    /// Finds the provider and starts the call. Throws (404, 501, 503) before anything is started.
    ///
    /// - Parameter resourceName: the id or alias that the client used, for endpoints routed by a listed resource.
    package func call(
        _ endpoint: EndpointDescription, resourceName: String? = nil, request: CallRequest
    ) throws(CallError) -> Answer {
        guard !isStopping.load(ordering: .relaxed) else {
            throw CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)
        }
        return try switchboard.call(endpoint, resourceName: resourceName, request: request)
    }

    /// Whether the provider that the call would go to honours an option beyond the draft ("seed"); nil when the call
    /// would fail anyway.
    package func honours(
        _ option: String, _ endpoint: EndpointDescription, resourceName: String?
    ) -> Bool? {
        guard let destination = try? switchboard.current.destination(of: endpoint, name: resourceName) else { return nil }
        return destination.instance.descriptor.method(endpoint.method)?.options.contains(option)
    }

    /// Ends every call, then stops the providers, those that need others first. At most `seconds`, all together.
    /// Calls from now on are refused with 503. To be called once; waiting for calls to end by themselves is the
    /// front's affair.
    package func shutdown(withinSeconds seconds: Double) async {
        isStopping.store(true, ordering: .relaxed)
        registry.close()
        let control = control.withLock { $0.take() }
        await OffPool.run { control?.stop() }
        let end = ContinuousClock.now + .seconds(max(0, seconds))
        for instance in started.reversed() {
            let left = end - .now
            await instance.channel.close(withinSeconds: max(0.1, left / .seconds(1)))
        }
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
