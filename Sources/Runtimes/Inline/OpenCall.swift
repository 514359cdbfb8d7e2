import CProviderABI
import ContractBridge
import Dispatch
import Synchronization

/// A call over the contract that its provider has not finished: what stands behind one `lsp_sink`.
///
/// Holds the provider to the rules. What breaks them is logged with the provider's name and ends this call alone.
final class OpenCall: Sendable {
    struct Waiter: @unchecked Sendable {
        // A provider's function and its argument: the contract lets any thread call it.
        let wake: @convention(c) (UnsafeMutableRawPointer?) -> Void
        let user: UnsafeMutableRawPointer?
    }

    private struct State {
        var rules = SinkRules()
        /// Nothing more is taken: cancelled, or a rule was broken.
        var isClosed = false
        /// The sink has been finished.
        var hasEnded = false
        var waiter: Waiter?
        var violation: String?
    }

    /// The value of `lsp_sink.context`.
    let handle: UInt64
    /// "inference/cpu chat_completion", for the log.
    let label: String
    private let sink: (any AnswerSink)?
    /// Lent to the provider until it finishes.
    private let request: LentRequest?
    private let log: LogSink
    private let finished: @Sendable (OpenCall, _ status: Int32, _ error: [UInt8]) -> Void
    private let violated: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - sink: nil for create and destroy, which only finish.
    ///   - violated: called once when the provider breaks a rule, on the provider's stack.
    ///   - finished: called once, when the provider finishes.
    init(
        handle: UInt64, label: String, sink: (any AnswerSink)?, request: LentRequest?, log: LogSink,
        violated: @escaping @Sendable () -> Void = {},
        finished: @escaping @Sendable (OpenCall, _ status: Int32, _ error: [UInt8]) -> Void
    ) {
        self.handle = handle
        self.label = label
        self.sink = sink
        self.request = request
        self.log = log
        self.violated = violated
        self.finished = finished
    }

    /// Writes are refused from here on, and a writer that waits is woken.
    func close() {
        let waiter = state.withLock { state -> Waiter? in
            state.isClosed = true
            return state.waiter.take()
        }
        if let waiter { waiter.wake(waiter.user) }
    }

    /// Ends the answer for its reader, once, whether or not the provider has finished. False when it had ended.
    @discardableResult
    func end(_ error: CallError?) -> Bool {
        let isFirst = state.withLock { state in
            defer { state.hasEnded = true }
            return !state.hasEnded
        }
        if isFirst { sink?.finish(error) }
        return isFirst
    }

    // MARK: what the provider does

    func write(_ kind: Int32, _ bytes: lsp_bytes) -> Int32 {
        guard let sink else { return Int32(LSP_MORE) }
        let verdict = state.withLock { state in state.isClosed ? nil : state.rules.check(kind, bytes) }
        switch verdict {
        case nil: return Int32(LSP_CLOSED)
        case .unknownKind, .unfinished: return Int32(LSP_MORE)
        case .broken(let what): return violate(what)
        case .part(let part):
            let pressure = sink.write(part)
            if case .refused(let what) = pressure { return violate(what) }
            return SinkRules.answer(pressure)
        }
    }

    /// The table has removed this call: it comes here once.
    func finish(_ status: Int32, _ error: lsp_bytes) {
        // A waiter is woken exactly once, and never after this returns.
        wake()
        let copy = error.copied
        if copy == nil {
            log.log(
                .error, "broke the contract: its error is \(error.size) bytes from NULL", ["call": label], source: label
            )
        }
        finished(self, status, copy ?? [])
    }

    func whenWritable(_ waiter: Waiter) {
        let (isClosed, displaced) = state.withLock { state -> (Bool, Waiter?) in
            if state.isClosed { return (true, nil) }
            defer { state.waiter = waiter }
            return (false, state.waiter)
        }
        guard !isClosed, let sink else { return waiter.wake(waiter.user) }
        // One waiter at a time is the rule; one that breaks it must not sleep for ever.
        if let displaced { displaced.wake(displaced.user) }
        sink.whenWritable { [weak self] in self?.wake() }
    }

    func waitWritable() -> Int32 {
        guard sink != nil else { return Int32(LSP_MORE) }
        let semaphore = DispatchSemaphore(value: 0)
        let user = Unmanaged.passRetained(semaphore)
        whenWritable(Waiter(wake: signalAndRelease, user: user.toOpaque()))
        semaphore.wait()
        return state.withLock { $0.isClosed } ? Int32(LSP_CLOSED) : Int32(LSP_MORE)
    }

    private func wake() {
        let waiter = state.withLock { $0.waiter.take() }
        if let waiter { waiter.wake(waiter.user) }
    }

    /// The reader is told at once: a provider that breaks the rules may never finish.
    private func violate(_ what: String) -> Int32 {
        let isFirst = state.withLock { state -> Bool in
            defer { (state.isClosed, state.violation) = (true, state.violation ?? what) }
            return state.violation == nil
        }
        if isFirst {
            log.log(.error, "broke the contract: \(what)", ["call": label], source: label)
            end(CallError(.internal, "the provider broke the contract: it \(what)"))
            violated()
        }
        return Int32(LSP_CLOSED)
    }
}

private let signalAndRelease: @convention(c) (UnsafeMutableRawPointer?) -> Void = { user in
    guard let user else { return }
    Unmanaged<DispatchSemaphore>.fromOpaque(user).takeRetainedValue().signal()
}
