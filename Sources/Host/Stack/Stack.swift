import Foundation
import LlamaStackAPI
import Synchronization

/// A distribution at work: its providers loaded, created, wired to each other, its models registered.
package final class Stack: Sendable {
    package let manifest: Manifest
    let log: LogSink
    let switchboard: Switchboard
    private let announcements: Announcements
    let state: StateFolder?
    /// In the order in which they were started.
    private let started: [RoutingTable.Instance]
    private let isStopping = Atomic<Bool>(false)
    let control = Mutex<ControlServer?>(nil)

    init(
        manifest: Manifest, log: LogSink, switchboard: Switchboard, announcements: Announcements, state: StateFolder?,
        started: [RoutingTable.Instance]
    ) {
        (self.manifest, self.log, self.switchboard) = (manifest, log, switchboard)
        (self.announcements, self.state, self.started) = (announcements, state, started)
    }

    /// Does everything that `run` does up to listening. Whatever goes wrong is at its place in the file, and nothing
    /// is left running then. Works off Swift's pool.
    ///
    /// - Parameter environment: for LLAMA_STACK_PROVIDER_PATH.
    package static func start(
        _ manifest: Manifest, environment: [String: String] = ProcessInfo.processInfo.environment,
        log: LogSink = .discard, metrics: MetricsSink = .discard
    ) async throws(StartFailure) -> Stack {
        let starting = Starting(manifest: manifest, environment: environment, log: log, metrics: metrics)
        return try await starting.run()
    }

    var currentTable: RoutingTable { switchboard.current }

    /// Now: announcements add models while the stack runs.
    package var summary: Summary { Summary(switchboard.current) }

    /// Finds the provider and starts the call. Throws (404, 501, 503) before anything is started.
    ///
    /// - Parameter model: the id or alias that the client used, for endpoints routed by it.
    package func call(
        _ endpoint: EndpointDescription, model: String? = nil, request: CallRequest
    ) throws(CallError) -> Answer {
        guard !isStopping.load(ordering: .relaxed) else {
            throw CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)
        }
        return try switchboard.call(endpoint, model: model, request: request)
    }

    /// Whether the provider that the call would go to honours an option beyond the draft ("seed"); nil when the call
    /// would fail anyway.
    package func honours(_ option: String, _ endpoint: EndpointDescription, model: String?) -> Bool? {
        guard let destination = try? switchboard.current.destination(of: endpoint, model: model) else { return nil }
        return destination.instance.descriptor.method(endpoint.method)?.options.contains(option)
    }

    /// Ends every call, then stops the providers, those that need others first. At most `seconds`, all together.
    /// Calls from now on are refused with 503. To be called once; waiting for calls to end by themselves is the
    /// front's affair.
    package func shutdown(withinSeconds seconds: Double) async {
        isStopping.store(true, ordering: .relaxed)
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
        models = table.models.map { model in
            Model(
                modelID: model.modelID, providerID: model.providerID, aliases: model.aliases, base: model.base,
                isAnnounced: model.isAnnounced)
        }
        failed = table.failed.map { ("\($0.api.rawValue)/\($0.providerID)", $0.reason) }
        failed += table.modelsLeftOut.map { ($0.model.modelID, $0.reason) }
    }
}
