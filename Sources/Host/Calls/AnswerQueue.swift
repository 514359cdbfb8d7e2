import Synchronization

/// What lies between a provider that writes and a reader that awaits: parts in order, counted in bytes.
///
/// The writing side never blocks; past the high-water mark it is told to pause until the reader has caught up.
/// One reader.
final class AnswerQueue: AnswerSink {
    /// From here on a writer is told to pause.
    static let highWaterBytes = 256 * 1024

    private struct State {
        var parts: [AnswerPart] = []
        var bytes = 0
        /// Set once; the reader gets it after the last part.
        var end: Result<Void, StackError>?
        /// The reader has left: nothing more is taken.
        var isAbandoned = false
        var reader: CheckedContinuation<Void, Never>?
        var writer: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    func write(_ part: AnswerPart) -> Pressure {
        let (pressure, reader) = state.withLock { state -> (Pressure, CheckedContinuation<Void, Never>?) in
            guard state.end == nil, !state.isAbandoned else { return (.closed, nil) }
            state.parts.append(part)
            state.bytes += part.bytes.count
            let pressure: Pressure = state.bytes >= Self.highWaterBytes ? .pause : .more
            return (pressure, state.reader.take())
        }
        reader?.resume()
        return pressure
    }

    /// The first end counts; later ones are ignored.
    func finish(_ error: StackError?) {
        let (reader, writer) = state.withLock { state -> (CheckedContinuation<Void, Never>?, (@Sendable () -> Void)?) in
            guard state.end == nil else { return (nil, nil) }
            state.end = error.map { .failure($0) } ?? .success(())
            return (state.reader.take(), state.writer.take())
        }
        reader?.resume()
        writer?()
    }

    func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        let isWritable = state.withLock { state -> Bool in
            if state.end != nil || state.isAbandoned || state.bytes < Self.highWaterBytes { return true }
            state.writer = wake
            return false
        }
        if isWritable { wake() }
    }

    /// The reader leaves: what is queued is dropped, the writer hears `closed`.
    func abandon() {
        let (reader, writer) = state.withLock { state -> (CheckedContinuation<Void, Never>?, (@Sendable () -> Void)?) in
            state.isAbandoned = true
            state.parts = []
            state.bytes = 0
            return (state.reader.take(), state.writer.take())
        }
        reader?.resume()
        writer?()
    }

    var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// Everything that is queued, at least one part; nil at the end. Waits while there is nothing.
    func take() async throws(StackError) -> [AnswerPart]? {
        while true {
            let (parts, end, writer) = state.withLock {
                state -> ([AnswerPart], Result<Void, StackError>?, (@Sendable () -> Void)?) in
                if state.isAbandoned {
                    return ([], .failure(StackError(.cancelled, "the call was cancelled")), nil)
                }
                let parts = state.parts
                state.parts = []
                state.bytes = 0
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
