import CommandSupport
import HTTPFront
import Host
import Logging
import ServiceLifecycle

/// A distribution served on a free port of this machine for as long as something is measured.
enum ServedStack {
    /// Starts it over an empty state folder, serves while `body` runs, which gets the port, and stops it.
    static func measure<Result: Sendable>(
        _ manifest: Manifest, _ body: @escaping @Sendable (Stack, Int) async throws -> Result
    ) async throws -> Result {
        try await started(manifest) { stack, front in
            try await serving({ try await body(stack, $0) }) { try await front.run(onListening: $0) }
        }
    }

    /// The cost of the front to a stack that has started: milliseconds until it listens, and bytes once it has answered
    /// a request.
    static func frontCost(_ manifest: Manifest) async throws -> (milliseconds: Double, bytes: Int) {
        try await started(manifest) { _, front in
            let (bytes, start) = (ProcessMemory.residentBytes, ContinuousClock.now)
            return try await serving({ port in
                let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
                let client = try LoadClient(port: port)
                try client.ask(client.request("GET /health/ready"))
                return (milliseconds, ProcessMemory.residentBytes - bytes)
            }) { try await front.run(onListening: $0) }
        }
    }

    private static func started<Result: Sendable>(
        _ manifest: Manifest, _ body: (Stack, HTTPFront) async throws -> Result
    ) async throws -> Result {
        try await manifest.overEmptyState { manifest in
            let quiet = LogOutput(format: .text, level: .warning)
            let stack = try await RunningStack.start(manifest, quiet)
            do {
                var settings = ServerSettings()
                settings.port = 0
                let result = try await body(
                    stack, HTTPFront(stack: stack, settings: settings, logger: quiet.logger()))
                await stack.shutdown(withinSeconds: 5)
                return result
            } catch {
                await stack.shutdown(withinSeconds: 5)
                throw (error as? CallError).map(Fail.with) ?? error
            }
        }
    }

    /// Runs a server while `body` runs, which gets its port.
    ///
    /// - Parameter serve: serves until it is told to stop in an orderly way, and tells the port once it listens.
    static func serving<Result: Sendable>(
        _ body: @escaping @Sendable (Int) async throws -> Result,
        by serve: @escaping @Sendable (_ onListening: @escaping @Sendable (Int) async -> Void) async throws -> Void
    ) async throws -> Result {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let (results, result) = AsyncThrowingStream.makeStream(of: Result.self)
        let serving = Work { try await serve { port.yield($0) } }
        let measure = Work {
            for await port in ports {
                do { result.yield(try await body(port)) } catch { result.finish(throwing: error) }
                return
            }
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: serving),
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
