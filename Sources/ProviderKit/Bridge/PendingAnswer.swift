import CProviderABI
import LlamaStackAPI
import Synchronization

/// The answer to a call that this provider made, on its way in: a sink of ours that the host writes into.
///
/// Holds at most about ``eventBytesMax`` of unread events: beyond that the writer is told to pause.
final class PendingAnswer: @unchecked Sendable {
    /// Above it the writer pauses; at half of it the writer is woken.
    static let eventBytesMax = 256 << 10
    /// A whole answer larger than this is refused: the other provider is broken.
    static let bodyBytesMax = 256 << 20

    private struct State {
        var body: [UInt8] = []
        var events: [[UInt8]] = []
        var firstEvent = 0
        var eventBytes = 0
        var ending: (status: Int32, error: [UInt8])?
        var isCancelled = false
        var isTooLarge = false
        var reader: Waiter?
        /// The writer's wakes: of `when_writable`, and of threads inside `wait_writable`.
        var writers: [@Sendable () -> Void] = []

        var isFull: Bool { eventBytes >= PendingAnswer.eventBytesMax }

        mutating func takeEvent() -> [UInt8] {
            let event = events[firstEvent]
            firstEvent += 1
            eventBytes -= event.count
            // The front is cut off in long pieces, so that each event is moved about once.
            if firstEvent == events.count || firstEvent >= 512 {
                events.removeFirst(firstEvent)
                firstEvent = 0
            }
            return event
        }
    }

    let callID: UInt64
    private let afterFinish: @Sendable () -> Void
    private let state = Mutex(State())

    init(callID: UInt64, afterFinish: @escaping @Sendable () -> Void) {
        (self.callID, self.afterFinish) = (callID, afterFinish)
    }

    /// Keeps this object alive until the host calls finish. Call once.
    func makeSink() -> lsp_sink {
        lsp_sink(
            struct_size: UInt32(MemoryLayout<lsp_sink>.size), reserved: 0,
            context: Unmanaged.passRetained(self).toOpaque(),
            write: { PendingAnswer.borrow($0).write($1, $2) },
            finish: { PendingAnswer.borrow($0).finish($1, $2) },
            when_writable: { context, wake, user in
                nonisolated(unsafe) let user = user
                guard let wake else { return }
                PendingAnswer.borrow(context).whenWritable { wake(user) }
            },
            wait_writable: { PendingAnswer.borrow($0).waitWritable() })
    }

    /// The next event; nil at the end. Throws the error that the call ended with, or `CancellationError` as soon as this
    /// task is cancelled. One reader.
    func nextEvent() async throws -> [UInt8]? {
        while true {
            try Task.checkCancellation()
            let waiter = Waiter()
            let (event, isOver, writers) = state.withLock { state in
                guard state.firstEvent < state.events.count else {
                    if state.ending != nil { return ([UInt8]?.none, true, [@Sendable () -> Void]()) }
                    state.reader = waiter
                    return (nil, false, [])
                }
                let event = state.takeEvent()
                guard state.eventBytes <= Self.eventBytesMax / 2 else { return (event, false, []) }
                defer { state.writers = [] }
                return (event, false, state.writers)
            }
            for wake in writers { wake() }
            if let event { return event }
            if isOver {
                try checkEnding()
                return nil
            }
            await waiter.wait()
        }
    }

    /// The whole answer.
    func body() async throws -> [UInt8] {
        while true {
            try Task.checkCancellation()
            let waiter = Waiter()
            let isOver = state.withLock { state in
                if state.ending == nil { state.reader = waiter }
                return state.ending != nil
            }
            if isOver { break }
            await waiter.wait()
        }
        try checkEnding()
        return state.withLock { $0.body }
    }

    /// From now on the writer is told that nobody listens. Finish still comes.
    func abandon() {
        let writers = state.withLock { state in
            state.isCancelled = true
            state.events = []
            state.firstEvent = 0
            state.eventBytes = 0
            defer { state.writers = [] }
            return state.writers
        }
        for wake in writers { wake() }
    }

    private func checkEnding() throws {
        let (ending, isTooLarge) = state.withLock { ($0.ending, $0.isTooLarge) }
        if isTooLarge { throw ProviderError(.internal, "the answer passes \(Self.bodyBytesMax) bytes") }
        if let ending, ending.status != Int32(LSP_OK) {
            throw ProviderError(status: ending.status, object: ending.error)
        }
    }

    // MARK: - The host's side

    private static func borrow(_ context: UnsafeMutableRawPointer?) -> PendingAnswer {
        Unmanaged<PendingAnswer>.fromOpaque(context!).takeUnretainedValue()
    }

    private func write(_ kind: Int32, _ bytes: lsp_bytes) -> Int32 {
        let (pressure, reader) = state.withLock { state -> (Int, Waiter?) in
            guard !state.isCancelled, !state.isTooLarge, state.ending == nil else { return (LSP_CLOSED, nil) }
            guard kind == Int32(LSP_EVENT) else {
                guard kind == Int32(LSP_BODY) else { return (LSP_MORE, nil) }
                state.isTooLarge = bytes.buffer.count > Self.bodyBytesMax - state.body.count
                if state.isTooLarge { return (LSP_CLOSED, nil) }
                state.body.append(contentsOf: bytes.buffer)
                return (LSP_MORE, nil)
            }
            state.events.append(Array(bytes.buffer))
            state.eventBytes += bytes.buffer.count
            defer { state.reader = nil }
            return (state.isFull ? LSP_PAUSE : LSP_MORE, state.reader)
        }
        reader?.fire()
        return Int32(pressure)
    }

    private func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        let isWritable = state.withLock { state in
            let isWritable = state.isCancelled || state.ending != nil || !state.isFull
            if !isWritable { state.writers.append(wake) }
            return isWritable
        }
        if isWritable { wake() }
    }

    private func waitWritable() -> Int32 {
        let waiter = Waiter()
        whenWritable { waiter.fire() }
        waiter.waitBlocking()
        return Int32(state.withLock { $0.isCancelled || $0.ending != nil } ? LSP_CLOSED : LSP_MORE)
    }

    private func finish(_ status: Int32, _ error: lsp_bytes) {
        let error = Array(error.buffer)
        let (isFirst, writers, reader) = state.withLock { state in
            let isFirst = state.ending == nil
            if isFirst { state.ending = (status, error) }
            defer { (state.writers, state.reader) = ([], nil) }
            return (isFirst, state.writers, state.reader)
        }
        // A second finish breaks the contract, and the memory may be gone; the first one has done everything.
        guard isFirst else { return }
        for wake in writers { wake() }
        reader?.fire()
        afterFinish()
        Unmanaged.passUnretained(self).release()
    }
}
