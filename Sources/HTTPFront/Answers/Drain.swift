import Host
import LlamaStackAPI
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The end of serving: once it began, new requests are refused, and running ones are given a bounded time.
final class Drain: Sendable {
    private struct State {
        var hasBegun = false
        var nextToken = 0
        var running: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    static let refusal = CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)

    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    var runningCount: Int { state.withLock { $0.running.count } }

    func begin() { state.withLock { $0.hasBegun = true } }

    /// A call begins; `cut` ends it when the time is up, and at once when the drain has begun.
    func enter(_ cut: @escaping @Sendable () -> Void) throws(CallError) -> Int {
        let token: Int? = state.withLock { state in
            guard !state.hasBegun else { return nil }
            state.nextToken += 1
            state.running[state.nextToken] = cut
            return state.nextToken
        }
        guard let token else {
            cut()
            throw Self.refusal
        }
        return token
    }

    func leave(_ token: Int) {
        state.withLock { _ = $0.running.removeValue(forKey: token) }
    }

    /// The time is up: ends what still runs. Returns how many that were.
    func cutAll() -> Int {
        let running = state.withLock { Array($0.running.values) }
        for cut in running { cut() }
        return running.count
    }
}

/// Bounds the end. It is told to stop before the listener is: while running answers get their `seconds`, new requests
/// are still answered, with 503. A second signal ends the patience.
struct DrainService: Service {
    let drain: Drain
    let signals: [UnixSignal]
    let seconds: Double
    let logger: Logger
    /// Called first.
    let begins: @Sendable () -> Void

    func run() async throws {
        try await gracefulShutdown()
        let start = ContinuousClock.now
        begins()
        drain.begin()
        let count = drain.runningCount
        logger.info("draining: \(count) running, at most \(seconds) s")
        let hurried = Flag()
        let secondSignal = Task {
            for await _ in await UnixSignalsSequence(trapping: signals) { return hurried.set() }
        }
        defer { secondSignal.cancel() }
        while drain.runningCount > 0, !hurried.isSet, ContinuousClock.now - start < .seconds(seconds) {
            try await Task.sleep(for: .milliseconds(20))
        }
        let cut = drain.cutAll()
        let shown = ((ContinuousClock.now - start) / .seconds(1) * 100).rounded() / 100
        if cut > 0 {
            logger.warning("drained: cut \(cut) answers that were still running after \(shown) s")
        } else {
            logger.info("drained in \(shown) s")
        }
    }
}
