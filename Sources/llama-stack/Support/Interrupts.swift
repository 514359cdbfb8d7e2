import Dispatch
import Foundation
import Synchronization

/// ^C of somebody at a terminal: ends the answer that runs, and does nothing where there is none. While a line is
/// edited it is a key and comes to the editor.
final class Interrupts: Sendable {
    private let running = Mutex<Task<Void, any Error>?>(nil)
    // Made and started in init, and not touched again but to cancel it.
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    init() {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler { [weak self] in self?.running.withLock { $0 }?.cancel() }
        source.resume()
    }

    /// From now on ^C ends the process again.
    func stop() {
        source.cancel()
        signal(SIGINT, SIG_DFL)
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
