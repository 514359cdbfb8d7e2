import ProviderKit
import Synchronization

/// Something that is done in the background whenever there may be something to do, by one task at a time.
final class BackgroundWork: Sendable {
    private static let retrySeconds = 5.0

    private struct State {
        var isStopped = false
        /// When the next run is due without a wake; nil: it is not.
        var due: ContinuousClock.Instant?
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let (wakes, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Runs `body` after each wake, once for all that came while it ran. When it answers seconds, it is run again after
    /// these; when it fails, the log says that `what` has to wait, and it is run again too. It should look at
    /// ``isStopped``.
    func start(_ what: String, _ log: Log, _ body: @escaping @Sendable () async throws -> Double?) {
        let task = Task { [wakes, weak self] in
            for await _ in wakes {
                guard let self, !isStopped else { return }
                do {
                    if let pause = try await body() { wake(in: pause) }
                } catch {
                    guard !isStopped else { return }
                    log.warning("\(what) has to wait", ["reason": "\(error)"])
                    wake(in: Self.retrySeconds)
                }
            }
        }
        state.withLock { $0.task = task }
    }

    /// There may be something to do.
    func wake() { wakeUp.yield() }

    /// The same later. One that comes sooner anyway serves, or each run would add another.
    private func wake(in seconds: Double) {
        let then = ContinuousClock.now + .seconds(seconds)
        let isNeeded = state.withLock { state in
            if let due = state.due, due <= then { return false }
            state.due = then
            return true
        }
        guard isNeeded else { return }
        Task { [weak self] in
            try? await Task.sleep(until: then)
            self?.state.withLock { if $0.due == then { $0.due = nil } }
            self?.wake()
        }
    }

    /// Nothing begins any more; returns when what runs has ended.
    func stop(cancelling: Bool = false) async {
        let task = state.withLock { state in
            state.isStopped = true
            return state.task
        }
        wakeUp.finish()
        if cancelling { task?.cancel() }
        await task?.value
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }
}
