import Host
import LlamaStackAPI
import Synchronization

/// The end of serving: once it began, new requests are refused, and running ones are given a bounded time.
final class Drain: Sendable {
    private struct State {
        var hasBegun = false
        var nextToken = 0
        var running: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    var isBusy: Bool { state.withLock { !$0.running.isEmpty } }

    func begin() { state.withLock { $0.hasBegun = true } }

    /// A call begins; `cut` ends it when the time is up.
    func enter(_ cut: @escaping @Sendable () -> Void) throws(StackError) -> Int {
        let token: Int? = state.withLock { state in
            guard !state.hasBegun else { return nil }
            state.nextToken += 1
            state.running[state.nextToken] = cut
            return state.nextToken
        }
        guard let token else {
            cut()
            throw StackError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)
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
