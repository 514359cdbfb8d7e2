import CommandSupport
import HTTPFront
import Host
import Logging
import ServiceLifecycle

/// A distribution served on a free port of this machine for as long as something is measured.
enum ServedStack {
    /// Starts it, serves while `body` runs, which gets the port, and stops it.
    static func measure<Result: Sendable>(
        _ manifest: Manifest, _ body: @escaping @Sendable (Stack, Int) async throws -> Result
    ) async throws -> Result {
        let quiet = LogOutput(format: .text, level: .warning)
        let stack = try await RunningStack.start(manifest, quiet)
        do {
            var settings = ServerSettings()
            settings.port = 0
            let front = HTTPFront(stack: stack, settings: settings, logger: quiet.logger())
            let result = try await serving(front) { try await body(stack, $0) }
            await stack.shutdown(withinSeconds: 5)
            return result
        } catch {
            await stack.shutdown(withinSeconds: 5)
            throw (error as? CallError).map(Fail.with) ?? error
        }
    }

    private static func serving<Result: Sendable>(
        _ front: HTTPFront, _ body: @escaping @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let (results, result) = AsyncThrowingStream.makeStream(of: Result.self)
        let serve = Work { try await front.run { port.yield($0) } }
        let measure = Work {
            for await port in ports {
                do { result.yield(try await body(port)) } catch { result.finish(throwing: error) }
                return
            }
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: serve),
                    .init(service: measure, successTerminationBehavior: .gracefullyShutdownGroup),
                ], logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() })))
        try await group.run()
        for try await measured in results { return measured }
        throw CallError(.internal, "nothing was measured")
    }

    private struct Work: Service {
        let body: @Sendable () async throws -> Void
        func run() async throws { try await body() }
    }
}
