import CProviderABI
import ContractBridge
import Synchronization

/// The sink of one call, made safe for Swift: writes are serialised, `finish` reaches the host exactly once, and
/// nothing touches the sink after it, even when a stream has escaped to a thread that goes on sending.
///
/// Any thread. The lock is held around the host's `write` (the contract says that it does not call back), never around
/// `when_writable` (which may) and never around `finish`.
final class AnswerWriter: @unchecked Sendable {
    private struct State {
        var isPaused = false
        var isClosed = false
        /// The host holds a wake of ours.
        var hasWake = false
        /// A thread is inside the host's `when_writable`; `finish` is left to it.
        var isRegistering = false
        var waiters: [Once<Void>] = []
        /// Set once: the call is over for everyone who writes.
        var outcome: Outcome?
    }

    // Unchecked because of these C pointers: the contract lets any thread use them until finish.
    private let sink: lsp_sink
    private let afterFinish: @Sendable () -> Void
    private let state = Mutex(State())

    /// `afterFinish` runs when the host's `finish` has returned.
    init(_ sink: lsp_sink, afterFinish: @escaping @Sendable () -> Void = {}) {
        self.sink = sink
        self.afterFinish = afterFinish
    }

    /// Never blocks.
    @discardableResult
    func write(_ kind: Int32, _ bytes: [UInt8]) -> Pressure {
        state.withLock { state in
            guard state.outcome == nil, !state.isClosed else { return .closed }
            switch bytes.withBytes({ sink.write?(sink.context, kind, $0) ?? Int32(LSP_CLOSED) }) {
            case Int32(LSP_MORE):
                state.isPaused = false
                return .more
            case Int32(LSP_PAUSE):
                state.isPaused = true
                return .pause
            default:
                state.isClosed = true
                return .closed
            }
        }
    }

    /// True after a write was refused, or the call was finished.
    var isClosed: Bool { state.withLock { $0.isClosed || $0.outcome != nil } }

    var isPaused: Bool { state.withLock { $0.isPaused } }

    /// A waiter that is fired when a write would be taken without pause, or the call is over. nil when that is so now.
    func waiterForWritable() -> Once<Void>? {
        let waiter = Once<Void>()
        enum Step { case now, wait, register }
        let step = state.withLock { state -> Step in
            guard state.isPaused, !state.isClosed, state.outcome == nil else { return .now }
            state.waiters.append(waiter)
            guard !state.hasWake else { return .wait }
            state.hasWake = true
            state.isRegistering = true
            return .register
        }
        switch step {
        case .now: return nil
        case .wait: return waiter
        case .register:
            let user = Unmanaged.passRetained(self).toOpaque()
            sink.when_writable?(
                sink.context, { Unmanaged<AnswerWriter>.fromOpaque($0!).takeRetainedValue().wake() }, user)
            let outcome = state.withLock { state in
                state.isRegistering = false
                return state.outcome
            }
            if let outcome { send(outcome) }
            return waiter
        }
    }

    /// Ends the call; the first outcome counts.
    func finish(_ outcome: Outcome) {
        let (isMine, waiters) = state.withLock { state -> (Bool, [Once<Void>]) in
            guard state.outcome == nil else { return (false, []) }
            state.outcome = outcome
            defer { state.waiters = [] }
            return (!state.isRegistering, state.waiters)
        }
        for waiter in waiters { waiter.fire() }
        if isMine { send(outcome) }
    }

    private func send(_ outcome: Outcome) {
        outcome.error.withBytes { sink.finish?(sink.context, outcome.status, $0) }
        afterFinish()
    }

    private func wake() {
        let waiters = state.withLock { state -> [Once<Void>] in
            state.hasWake = false
            state.isPaused = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.fire() }
    }
}
