import Dispatch
import Host
import LlamaStackAPI
import Synchronization

/// A reader for the checks: counts, can hold the writer back, waits with a limit.
final class ProbeSink: AnswerSink {
    private struct State {
        var parts = 0
        var writesWhilePaused = 0
        var isHolding: Bool
        var wake: (@Sendable () -> Void)?
        var finishes = 0
        var end: (error: CallError?, waiters: [CheckedContinuation<Void, Never>])
    }

    private let state: Mutex<State>
    private let firstWrite = Signal()
    private let ended = Signal()

    /// - Parameter holding: every write is told to pause, until ``release()``.
    init(holding: Bool = false) {
        state = Mutex(State(isHolding: holding, end: (nil, [])))
    }

    func write(_ part: AnswerPart) -> Pressure {
        let pressure = state.withLock { state -> Pressure in
            if state.isHolding, state.parts > 0 { state.writesWhilePaused += 1 }
            state.parts += 1
            return state.isHolding ? .pause : .more
        }
        firstWrite.fire()
        return pressure
    }

    func finish(_ error: CallError?) {
        state.withLock { state in
            state.finishes += 1
            if state.finishes == 1 { state.end.error = error }
        }
        firstWrite.fire()
        ended.fire()
    }

    func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        let isWritable = state.withLock { state -> Bool in
            guard state.isHolding else { return true }
            state.wake = wake
            return false
        }
        if isWritable { wake() }
    }

    func release() {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            state.isHolding = false
            return state.wake.take()
        }
        wake?()
    }

    var parts: Int { state.withLock { $0.parts } }
    var writesWhilePaused: Int { state.withLock { $0.writesWhilePaused } }
    var hasEnded: Bool { state.withLock { $0.finishes > 0 } }
    var error: CallError? { state.withLock { $0.end.error } }

    /// False when neither a write nor the end came in time.
    func waitForFirstWrite(seconds: Double) async -> Bool { await firstWrite.wait(seconds: seconds) }
    /// False when the end did not come in time.
    func waitForEnd(seconds: Double) async -> Bool { await ended.wait(seconds: seconds) }
}

/// Fires once; waiting for it has a limit.
final class Signal: Sendable {
    private struct State {
        var isFired = false
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    func fire() {
        let waiters = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            state.isFired = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    func wait(seconds: Double) async -> Bool {
        await withCheckedContinuation { continuation in
            let number = state.withLock { state -> Int? in
                guard !state.isFired else { return nil }
                state.last += 1
                state.waiters[state.last] = continuation
                return state.last
            }
            guard let number else { return continuation.resume(returning: true) }
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) {
                self.state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: false)
            }
        }
    }
}
