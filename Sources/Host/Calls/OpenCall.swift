import CProviderABI
import Dispatch
import Synchronization

/// A call over the contract that its provider has not finished: what stands behind one `lsp_sink`.
///
/// Holds the provider to the rules. What breaks them is logged with the provider's name and fails this call alone.
final class OpenCall: Sendable {
    /// A single write larger than this fails the call: answers go out in pieces.
    static let writeBytesMax = 64 * 1024 * 1024

    struct Waiter: @unchecked Sendable {
        // A provider's function and its argument: the contract lets any thread call it.
        let wake: @convention(c) (UnsafeMutableRawPointer?) -> Void
        let user: UnsafeMutableRawPointer?
    }

    private struct Timer: @unchecked Sendable {
        // Only ever cancelled after it was activated.
        let source: any DispatchSourceTimer
    }

    private struct State {
        var isCancelled = false
        var kind: Int32?
        var waiter: Waiter?
        var violation: String?
        var timer: Timer?
    }

    /// What `lsp_sink.context` says.
    let handle: UInt64
    /// "inference/cpu chat_completion", for the log.
    let label: String
    private let sink: (any AnswerSink)?
    private let memory: RequestMemory?
    private let log: LogSink
    private let ended: @Sendable (_ status: Int32, _ error: [UInt8], _ violation: String?) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - sink: nil for create and destroy, which only finish.
    ///   - ended: called once, when the provider finishes.
    init(
        handle: UInt64, label: String, sink: (any AnswerSink)?, memory: RequestMemory?, log: LogSink,
        ended: @escaping @Sendable (_ status: Int32, _ error: [UInt8], _ violation: String?) -> Void
    ) {
        (self.handle, self.label, self.sink, self.memory) = (handle, label, sink, memory)
        (self.log, self.ended) = (log, ended)
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Writes are refused from here on, and a writer that waits is woken.
    func cancel() {
        let waiter = state.withLock { state -> Waiter? in
            state.isCancelled = true
            return state.waiter.take()
        }
        if let waiter { waiter.wake(waiter.user) }
    }

    /// Tells whoever waits for the answer that it will not come.
    func abandon(_ error: StackError) {
        cancel()
        sink?.finish(error)
    }

    /// Calls `action` at `deadline` (CLOCK_MONOTONIC) unless the call has ended by then.
    func at(_ deadline: DispatchTime, _ action: @escaping @Sendable () -> Void) {
        let source = DispatchSource.makeTimerSource(queue: .global())
        source.setEventHandler(handler: action)
        source.schedule(deadline: deadline)
        source.activate()
        let timer = Timer(source: source)
        state.withLock { $0.timer = timer }
    }

    // MARK: what the provider does

    func write(_ kind: Int32, _ bytes: lsp_bytes) -> Int32 {
        guard let sink else { return Int32(LSP_MORE) }
        guard kind == Int32(LSP_BODY) || kind == Int32(LSP_EVENT) else { return Int32(LSP_MORE) }
        guard bytes.size <= Self.writeBytesMax else {
            return violate("wrote \(bytes.size) bytes at once; at most \(Self.writeBytesMax) are taken")
        }
        guard let copy = bytes.copied else { return violate("wrote \(bytes.size) bytes from NULL") }
        let isFirstOrSame = state.withLock { state -> Bool? in
            if state.isCancelled || state.violation != nil { return nil }
            if state.kind == nil { state.kind = kind }
            return state.kind == kind
        }
        guard let isFirstOrSame else { return Int32(LSP_CLOSED) }
        guard isFirstOrSame else { return violate("mixed LSP_BODY and LSP_EVENT in one answer") }
        if kind == Int32(LSP_EVENT), copy.contains(UInt8(ascii: "\n")) {
            return violate("wrote an event with a newline in it")
        }
        switch sink.write(kind == Int32(LSP_EVENT) ? .event(copy) : .body(copy)) {
        case .more: return Int32(LSP_MORE)
        case .pause: return Int32(LSP_PAUSE)
        case .closed: return Int32(LSP_CLOSED)
        }
    }

    /// The table has let go of this call: it comes here once.
    func finish(_ status: Int32, _ error: lsp_bytes) {
        // A waiter is woken exactly once, and never after this returns.
        wake()
        let (violation, timer) = state.withLock { ($0.violation, $0.timer.take()) }
        timer?.source.cancel()
        ended(status, error.copied ?? [], violation)
    }

    func whenWritable(_ waiter: Waiter) {
        let (isClosed, displaced) = state.withLock { state -> (Bool, Waiter?) in
            if state.isCancelled || state.violation != nil { return (true, nil) }
            defer { state.waiter = waiter }
            return (false, state.waiter)
        }
        guard !isClosed, let sink else { return waiter.wake(waiter.user) }
        // One waiter at a time is the rule; whoever breaks it must not sleep for ever.
        if let displaced { displaced.wake(displaced.user) }
        sink.whenWritable { [weak self] in self?.wake() }
    }

    func waitWritable() -> Int32 {
        guard sink != nil else { return Int32(LSP_MORE) }
        let semaphore = DispatchSemaphore(value: 0)
        let user = Unmanaged.passRetained(semaphore)
        whenWritable(Waiter(wake: signalAndRelease, user: user.toOpaque()))
        semaphore.wait()
        return isCancelled ? Int32(LSP_CLOSED) : Int32(LSP_MORE)
    }

    private func wake() {
        let waiter = state.withLock { $0.waiter.take() }
        if let waiter { waiter.wake(waiter.user) }
    }

    private func violate(_ what: String) -> Int32 {
        let isFirst = state.withLock { state -> Bool in
            defer { state.violation = state.violation ?? what }
            return state.violation == nil
        }
        if isFirst { log.log(.error, "broke the contract: \(what)", ["call": label], source: label) }
        return Int32(LSP_CLOSED)
    }
}

private let signalAndRelease: @convention(c) (UnsafeMutableRawPointer?) -> Void = { user in
    guard let user else { return }
    Unmanaged<DispatchSemaphore>.fromOpaque(user).takeRetainedValue().signal()
}
