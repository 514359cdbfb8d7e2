import CommandSupport
import Dispatch
import Foundation
import Synchronization

/// ^C of somebody at a terminal: ends the answer that runs, or, when there is none, the process.
final class Interrupts: Sendable {
    private let running = Mutex<Task<Void, any Error>?>(nil)
    // Made and started in init, and not touched again.
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    init() {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler { [weak self] in
            guard let task = self?.running.withLock({ $0 }) else {
                Output.write("\n")
                Output.end(128 + SIGINT)
            }
            task.cancel()
        }
        source.resume()
    }

    /// Runs `body`; ^C cancels it, and then the ``CancellationError`` is thrown.
    func cancellable(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task { try await body() }
        running.withLock { $0 = task }
        defer { running.withLock { $0 = nil } }
        do {
            try await task.value
        } catch {
            throw task.isCancelled ? CancellationError() : error
        }
    }
}
