import Synchronization

/// The queue between the side that writes an answer and the one that reads it: parts in order, counted in bytes.
///
/// The writing side never blocks; from the mark on it is told to pause until the reader has caught up. One reader.
package final class PartStream: AnswerSink {
    private struct State {
        var parts: [AnswerPart] = []
        var lead = WriterLead()
        /// Set once; the reader gets it after the last part.
        var end: Result<Void, CallError>?
        /// The reader has left: nothing more is taken.
        var isAbandoned = false
        var reader: CheckedContinuation<Void, Never>?
        var writer: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    package func write(_ part: AnswerPart) -> Pressure {
        let (pressure, reader) = state.withLock { state -> (Pressure, CheckedContinuation<Void, Never>?) in
            guard state.end == nil, !state.isAbandoned else { return (.closed, nil) }
            // One at least: empty parts cost memory too.
            let pressure = state.lead.add(max(1, part.bytes.count))
            if case .refused = pressure { return (pressure, nil) }
            state.parts.append(part)
            return (pressure, state.reader.take())
        }
        reader?.resume()
        return pressure
    }

    /// The first end counts; later ones are ignored.
    package func finish(_ error: CallError?) {
        let (reader, writer) = state.withLock { state -> (CheckedContinuation<Void, Never>?, (@Sendable () -> Void)?) in
            guard state.end == nil else { return (nil, nil) }
            state.end = error.map { .failure($0) } ?? .success(())
            return (state.reader.take(), state.writer.take())
        }
        reader?.resume()
        writer?()
    }

    /// One waiter at a time; one that is displaced is woken.
    package func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        let woken = state.withLock { state -> (@Sendable () -> Void)? in
            if state.end != nil || state.isAbandoned || state.lead.isWritable { return wake }
            defer { state.writer = wake }
            return state.writer
        }
        woken?()
    }

    /// The reader leaves: what is queued is dropped, the writer is told `closed`.
    package func abandon() {
        let (reader, writer) = state.withLock { state -> (CheckedContinuation<Void, Never>?, (@Sendable () -> Void)?) in
            state.isAbandoned = true
            state.parts = []
            state.lead.clear()
            return (state.reader.take(), state.writer.take())
        }
        reader?.resume()
        writer?()
    }

    package var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// True when nothing more is taken.
    package var isClosed: Bool { state.withLock { $0.end != nil || $0.isAbandoned } }

    /// Everything that is queued, at least one part; nil at the end. Waits while there is nothing.
    package func take() async throws(CallError) -> [AnswerPart]? {
        while true {
            let (parts, end, writer) = state.withLock {
                state -> ([AnswerPart], Result<Void, CallError>?, (@Sendable () -> Void)?) in
                if state.isAbandoned {
                    return ([], .failure(CallError(.cancelled, "the call was cancelled")), nil)
                }
                let parts = state.parts
                state.parts = []
                state.lead.clear()
                return (parts, state.end, state.writer.take())
            }
            writer?()
            if !parts.isEmpty { return parts }
            if let end {
                try end.get()
                return nil
            }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state -> Bool in
                    if !state.parts.isEmpty || state.end != nil || state.isAbandoned { return true }
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }
}
