import ContractBridge
import Dispatch
import Synchronization

/// A call on its way to a child.
final class OpenRemoteCall: AnswerSink {
    private struct State {
        var number: UInt64?
        var isCancelled = false
        var isWatched = false
        var hasEnded = false
    }

    let method: String
    let requestID: String
    private let began = DispatchTime.now()
    /// Its sink has been finished.
    private let isOver = Atomic(false)
    private let sink: any AnswerSink
    /// Called once, before the reader hears of it: with the seconds that the call took.
    private let ended: @Sendable (CallError?, Double) -> Void
    private let state = Mutex(State())

    init(_ request: CallRequest, _ sink: any AnswerSink, ended: @escaping @Sendable (CallError?, Double) -> Void) {
        method = request.method
        requestID = request.requestID
        self.sink = sink
        self.ended = ended
    }

    /// The connection's number for it.
    var number: UInt64? {
        get { state.withLock { $0.number } }
        set { state.withLock { $0.number = newValue } }
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Something waits for its cancel to be obeyed.
    var isWatched: Bool {
        get { state.withLock { $0.isWatched } }
        set { state.withLock { $0.isWatched = newValue } }
    }

    /// True for the first.
    func cancel() -> Bool {
        state.withLock { state in
            defer { state.isCancelled = true }
            return !state.isCancelled
        }
    }

    private var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1e9 }

    /// Keeps the processor until the answer has ended, or is no longer prompt: false then.
    func waitWhilePrompt() -> Bool {
        while !isOver.load(ordering: .acquiring) {
            guard seconds <= Promptness.secondsMax else { return false }
        }
        return true
    }

    func write(_ part: AnswerPart) -> Pressure { sink.write(part) }
    func whenWritable(_ wake: @escaping @Sendable () -> Void) { sink.whenWritable(wake) }

    /// The first end counts.
    func finish(_ error: CallError?) {
        let isFirst = state.withLock { state in
            defer { state.hasEnded = true }
            return !state.hasEnded
        }
        guard isFirst else { return }
        ended(error, seconds)
        sink.finish(error)
        isOver.store(true, ordering: .releasing)
    }
}
