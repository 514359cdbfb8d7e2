import Dialects
import HTTPTypes
import Host
import Hummingbird
import HummingbirdCore
import LlamaStackAPI
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The HTTP server of a running stack: every route of the endpoint table and of the dialects, the document, health, and
/// nothing else. Of the table's routes it decodes nothing that it forwards.
package struct HTTPFront: Sendable {
    private let stack: Stack
    private let settings: ServerSettings
    private let endsAtHangup: Bool
    private let logger: Logger
    private let drain = Drain()
    private let monitors = ConnectionMonitors()
    private let port: BoundPort

    /// - Parameter endsAtHangup: SIGHUP is a signal to end, as it is for what runs in a terminal.
    package init(stack: Stack, settings: ServerSettings, endsAtHangup: Bool = false, logger: Logger) {
        (self.stack, self.settings, self.endsAtHangup, self.logger) = (stack, settings, endsAtHangup, logger)
        port = BoundPort(settings.port)
    }

    /// Listens until SIGTERM or SIGINT, or SIGHUP where that ends it, then drains and returns. `onListening` gets the
    /// port that was bound.
    package func run(onListening: @escaping @Sendable (Int) async -> Void) async throws {
        let server = ConnectionServer(
            responder: responder(),
            protocols: .http1(
                configuration: .init(
                    additionalChannelHandlers: [
                        ConnectionGuard(limits: settings.limits, monitors: monitors, logger: logger)
                    ],
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: HeadLimits.listBytesMax,
                        maxHeaderListSize: HeadLimits.listBytesMax,
                        maxHeaderFieldCount: HeadLimits.fieldsMax))),
            configuration: .init(
                address: .hostname(settings.host, port: settings.port), serverName: "llama-stack",
                availableConnectionsDelegate: .maximum(settings.limits.connectionsMax, logger: logger)),
            logger: quiet,
            onListening: { [port] channel in
                port.set(channel.localAddress?.port ?? 0)
                await onListening(port.value)
            })
        // Told to stop in the reverse order: first the drain, then the listener. What holds the listener up after the
        // drain (a client that never finishes its request) is cut too.
        var services = ServiceGroupConfiguration(
            services: [
                .init(service: server),
                .init(
                    service: DrainService(
                        drain: drain, signals: signals, seconds: settings.limits.drainSeconds, logger: logger,
                        begins: { [stack] in stack.refuseReloads() })),
            ], gracefulShutdownSignals: signals, logger: quiet)
        services.maximumGracefulShutdownDuration = .seconds(settings.limits.drainSeconds + 2)
        let group = ServiceGroup(configuration: services)
        try await group.run()
    }

    private var signals: [UnixSignal] { [.sigterm, .sigint] + (endsAtHangup ? [.sighup] : []) }

    /// Hummingbird and the service group speak only when something is wrong.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = .error
        return logger
    }

    private func responder() -> PlainPaths {
        let forms = ErrorForms(dialects: Dialects.all, pathPrefix: settings.pathPrefix)
        let routes = EndpointRoutes(stack: stack, settings: settings, dialects: Dialects.all, drain: drain)
        let router = Router(context: FrontContext.self)
        router.add(middleware: RequestLog(logger: logger, monitors: monitors))
        router.add(middleware: ErrorAnswers(forms: forms))
        router.add(middleware: OriginCheck(settings: settings, port: { [port] in port.value }))
        // Inside, so that a web page that may ask can also read why it got no answer.
        router.add(middleware: ErrorAnswers(forms: forms))
        router.add(middleware: HeadLimits())
        router.add(middleware: WrongMethod(verbs: routes.verbs, forms: forms))
        return PlainPaths(router, routes.add(to: router))
    }
}

/// The port that was really bound.
private final class BoundPort: Sendable {
    private let port: Atomic<Int>
    init(_ port: Int) { self.port = Atomic(port) }
    var value: Int { port.load(ordering: .relaxed) }
    func set(_ value: Int) { port.store(value, ordering: .relaxed) }
}
