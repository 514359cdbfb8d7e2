import ContractBridge
import Dispatch
import LlamaStackAPI
import Synchronization

/// The calls that are open, of clients and of providers to each other. One that writes nothing for too long is ended
/// with 504 and cancelled, whatever its provider does.
///
/// One timer for all of them: a write only leaves a mark, which the timer takes away once a second.
final class CallMonitor: Sendable {
    private struct Watched: Sendable {
        var call: MonitoredCall
        var silentSince: ContinuousClock.Instant
    }

    private struct State {
        var calls: [UInt64: Watched] = [:]
        var lastNumber: UInt64 = 0
        var isWatching = false
    }

    private let secondsMax: Double
    private let lookSeconds: Double
    private let state = Mutex(State())

    /// - Parameter secondsMax: how long a call may write nothing.
    init(secondsMax: Double, lookSeconds: Double = 1) {
        (self.secondsMax, self.lookSeconds) = (secondsMax, lookSeconds)
    }

    var openCalls: Int { state.withLock { $0.calls.count } }

    /// The sink of a call that is about to start; give it to the provider in place of `sink`.
    ///
    /// - Parameter label: of the provider or the API that is called: "inference/cpu".
    func open(_ sink: any AnswerSink, label: String, isTimed: Bool) -> MonitoredCall {
        let (call, isFirst) = state.withLock { state -> (MonitoredCall, Bool) in
            state.lastNumber += 1
            let call = MonitoredCall(sink, number: state.lastNumber, label: label, isTimed: isTimed, monitor: self)
            state.calls[call.number] = Watched(call: call, silentSince: .now)
            defer { state.isWatching = true }
            return (call, !state.isWatching)
        }
        if isFirst { lookLater() }
        return call
    }

    fileprivate func remove(_ number: UInt64) { state.withLock { _ = $0.calls.removeValue(forKey: number) } }

    /// Until no call is open.
    private func lookLater() {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + lookSeconds) { [weak self] in
            if self?.look(at: .now) == true { self?.lookLater() }
        }
    }

    /// False when nothing is left to look at.
    @discardableResult
    func look(at now: ContinuousClock.Instant) -> Bool {
        let (late, isWatching) = state.withLock { state -> ([MonitoredCall], Bool) in
            var late: [MonitoredCall] = []
            for (number, watched) in state.calls where watched.call.isTimed {
                if watched.call.takeActivity() {
                    state.calls[number]?.silentSince = now
                } else if now - watched.silentSince >= .seconds(secondsMax) {
                    late.append(watched.call)
                }
            }
            state.isWatching = !state.calls.isEmpty
            return (late, state.isWatching)
        }
        for call in late {
            // The sink may be another provider's code, and block.
            OffPool.start { [secondsMax] in call.timeOut(afterSeconds: secondsMax) }
        }
        return isWatching
    }
}

/// One call that is open: passes its answer on, and knows whether there was any since the last look.
final class MonitoredCall: AnswerSink {
    fileprivate let number: UInt64
    fileprivate let isTimed: Bool
    private let label: String
    private let sink: any AnswerSink
    private let monitor: CallMonitor
    private let wasActive = Atomic<Bool>(true)
    /// The writer waits for a slow reader: silence is not its own.
    private let isWaiting = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(false)
    /// Its caller has cancelled it.
    private let isUnwanted = Atomic<Bool>(false)
    /// Dropped at the end: it holds what holds this.
    private let cancel = Mutex<(@Sendable () -> Void)?>(nil)

    fileprivate init(
        _ sink: any AnswerSink, number: UInt64, label: String, isTimed: Bool, monitor: CallMonitor
    ) {
        (self.sink, self.number, self.label) = (sink, number, label)
        (self.isTimed, self.monitor) = (isTimed, monitor)
    }

    /// Stores the closure that cancels the call at its provider, and returns one for the caller to use.
    func started(_ cancel: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        self.cancel.withLock { $0 = cancel }
        // It may have ended before this was known.
        if hasEnded.load(ordering: .sequentiallyConsistent) { dropCancel()?() }
        return { [weak self] in
            self?.isUnwanted.store(true, ordering: .relaxed)
            cancel()
        }
    }

    func write(_ part: AnswerPart) -> Pressure {
        guard !hasEnded.load(ordering: .relaxed) else { return .closed }
        wasActive.store(true, ordering: .relaxed)
        return sink.write(part)
    }

    func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        isWaiting.store(true, ordering: .relaxed)
        sink.whenWritable { [self] in
            wasActive.store(true, ordering: .relaxed)
            isWaiting.store(false, ordering: .relaxed)
            wake()
        }
    }

    func finish(_ error: CallError?) {
        guard end() else { return }
        dropCancel()
        sink.finish(error.map(toldToCaller))
    }

    /// A caller that did not cancel the call is told that its provider left.
    private func toldToCaller(_ error: CallError) -> CallError {
        guard error.code == .cancelled, !isUnwanted.load(ordering: .relaxed) else { return error }
        return CallError(
            .providerUnavailable, "\(label) was stopped before the call had ended", retryAfterSeconds: 1)
    }

    fileprivate func takeActivity() -> Bool {
        wasActive.exchange(false, ordering: .relaxed) || isWaiting.load(ordering: .relaxed)
    }

    fileprivate func timeOut(afterSeconds seconds: Double) {
        guard end() else { return }
        sink.finish(
            CallError(
                .providerTimeout,
                "\(label) wrote nothing for \(Quote.seconds(seconds)) s (server.limits.call_seconds_max)"))
        dropCancel()?()
    }

    /// True for the first.
    private func end() -> Bool {
        guard !hasEnded.exchange(true, ordering: .sequentiallyConsistent) else { return false }
        monitor.remove(number)
        return true
    }

    @discardableResult
    private func dropCancel() -> (@Sendable () -> Void)? { cancel.withLock { $0.take() } }
}
