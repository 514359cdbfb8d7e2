import Foundation
import ProviderKit
import Synchronization

/// A fixed number of connections, each with a thread of its own that runs bodies: nothing waits on Swift's shared
/// threads.
///
/// Connections are made when they are needed. A call goes to the one that was used last, so that no more are open than
/// work at the same time.
package final class Pool: Sendable {
    fileprivate struct Job: Sendable {
        let start = ContinuousClock.now
        /// On the worker's thread; answers the caller.
        let run: @Sendable (ConnectionWorker) -> Void
        let fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var waiting: [Job] = []
        var idle: [Worker] = []
        var isClosed = false
        var running: Int
        var onClosed: [CheckedContinuation<Void, Never>] = []
    }

    private let settings: ConnectionSettings
    private let log: Log
    private let state: Mutex<State>

    package init(_ settings: ConnectionSettings, log: Log) {
        (self.settings, self.log) = (settings, log)
        let backoff = Backoff()
        let workers = (0..<settings.connectionsMax).map { _ in Worker() }
        state = Mutex(State(idle: workers, running: workers.count))
        for worker in workers {
            let thread = Thread { [self] in work(worker, ConnectionWorker(settings, backoff, log)) }
            thread.name = "postgres"
            thread.start()
        }
    }

    /// Runs the body in a transaction that sees one moment and changes nothing. It may run more than once.
    package func read<Result: Sendable>(_ body: @escaping @Sendable (Session) throws -> Result) async throws -> Result {
        do { return try await read(patienceSeconds: settings.patienceSeconds, body) } catch { throw translated(error) }
    }

    /// The same with a patience of its own for a server that can't be reached; throws a ``PostgresError`` as it is.
    package func read<Result: Sendable>(
        patienceSeconds: Double, _ body: @escaping @Sendable (Session) throws -> Result
    ) async throws -> Result {
        let deadline = ContinuousClock.now + .seconds(patienceSeconds)
        return try await submit { try $0.read(until: deadline, body) }
    }

    /// Runs the body in a transaction, and returns when the server has acknowledged its COMMIT. It may run more than
    /// once, each time in a new transaction.
    package func write<Result: Sendable>(_ body: @escaping @Sendable (Session) throws -> Result) async throws -> Result
    {
        do { return try await write(patienceSeconds: settings.patienceSeconds, body) } catch { throw translated(error) }
    }

    /// The same with a patience of its own for a server that can't be reached; throws a ``PostgresError`` as it is.
    package func write<Result: Sendable>(
        patienceSeconds: Double, _ body: @escaping @Sendable (Session) throws -> Result
    ) async throws -> Result {
        let deadline = ContinuousClock.now + .seconds(patienceSeconds)
        return try await submit { try $0.write(until: deadline, body) }
    }

    private func translated(_ error: any Error) -> any Error { (error as? PostgresError)?.translated(log) ?? error }

    /// Calls that run are waited for, others are refused.
    package func close() async {
        let refused = state.withLock { state in
            defer { state.waiting = [] }
            state.isClosed = true
            state.idle.forEach { $0.wake(nil) }
            state.idle = []
            return state.waiting
        }
        refused.forEach { $0.fail(Self.closed) }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.running > 0 { state.onClosed.append(continuation) }
                return state.running == 0
            }
            if isDone { continuation.resume() }
        }
    }

    private static let closed = ProviderError(.shuttingDown, "the storage is closed")

    private func submit<Result: Sendable>(
        _ body: @escaping @Sendable (ConnectionWorker) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            submit(
                Job {
                    let connection = $0
                    continuation.resume(with: Swift.Result { try body(connection) })
                } fail: {
                    continuation.resume(throwing: $0)
                })
        }
    }

    private func submit(_ job: Job) {
        let isTaken = state.withLock { state in
            guard !state.isClosed else { return false }
            if let worker = state.idle.popLast() { worker.wake(job) } else { state.waiting.append(job) }
            return true
        }
        if !isTaken { job.fail(Self.closed) }
    }

    // MARK: The threads

    private func work(_ worker: Worker, _ connection: ConnectionWorker) {
        while let job = worker.next() {
            var job: Job? = job
            while let current = job {
                if (.now - current.start) / .seconds(1) > settings.busySecondsMax {
                    current.fail(
                        ProviderError(
                            .providerUnavailable,
                            "all \(settings.connectionsMax) connections to the database are at work (connections_max)",
                            retryAfterSeconds: 1))
                } else {
                    current.run(connection)
                }
                job = state.withLock { state in
                    if !state.waiting.isEmpty { return state.waiting.removeFirst() }
                    if !state.isClosed { state.idle.append(worker) }
                    return nil
                }
            }
            if state.withLock(\.isClosed) { break }
        }
        connection.close()
        let done = state.withLock { state in
            state.running -= 1
            return state.running == 0 ? state.onClosed : []
        }
        done.forEach { $0.resume() }
    }

    /// A thread that waits for its next job.
    // Unchecked: the job is handed over by the semaphore.
    fileprivate final class Worker: @unchecked Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private var job: Job?

        /// nil: there will be no more. Only of an idle one.
        func wake(_ job: Job?) {
            self.job = job
            semaphore.signal()
        }

        func next() -> Job? {
            semaphore.wait()
            defer { job = nil }
            return job
        }
    }
}
