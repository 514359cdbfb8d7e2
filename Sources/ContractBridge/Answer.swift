/// The answer to one call, as it comes. Read it once, from one task.
///
/// A reader that leaves early (its task is cancelled, or the answer is released) cancels the call; the provider hears
/// of it at once. A reader that is slow makes the provider pause after 256 KiB.
package final class Answer: AsyncSequence, Sendable {
    package typealias Element = AnswerPart
    package typealias Failure = CallError

    /// The largest answer that ``collect(bytesMax:)`` takes unless told otherwise.
    package static let collectedBytesMax = 256 * 1024 * 1024

    private let stream: PartStream
    private let stop: @Sendable () -> Void

    package init(_ stream: PartStream, stop: @escaping @Sendable () -> Void) {
        self.stream = stream
        self.stop = stop
    }

    deinit { cancel() }

    /// True once its writer has finished; parts may still be unread.
    package var hasEnded: Bool { stream.hasEnded }

    /// Idempotent, and nothing to a call that has ended.
    package func cancel() {
        guard !stream.hasEnded else { return stream.abandon() }
        stream.abandon()
        stop()
    }

    /// Everything that has come since the last time, at least one part; nil when the answer is whole. For a reader
    /// that can pass several parts on in one go.
    package func nextParts() async throws(CallError) -> [AnswerPart]? {
        do {
            return try await withTaskCancellationHandler {
                try await stream.take()
            } onCancel: {
                cancel()
            }
        } catch let error as CallError {
            throw error
        } catch {
            throw CallError(.internal, "\(error)")
        }
    }

    /// The whole answer in one piece.
    package func collect(bytesMax: Int = Answer.collectedBytesMax) async throws(CallError) -> [UInt8] {
        var whole: [UInt8] = []
        while let parts = try await nextParts() {
            for part in parts {
                guard part.bytes.count <= bytesMax - whole.count else {
                    cancel()
                    throw CallError(.internal, "the provider's answer is larger than \(bytesMax) bytes")
                }
                whole.append(contentsOf: part.bytes)
            }
        }
        return whole
    }

    package func makeAsyncIterator() -> Iterator { Iterator(answer: self) }

    package struct Iterator: AsyncIteratorProtocol {
        let answer: Answer
        private var parts: ArraySlice<AnswerPart> = []

        init(answer: Answer) { self.answer = answer }

        package mutating func next() async throws(CallError) -> AnswerPart? {
            if parts.isEmpty {
                guard let more = try await answer.nextParts() else { return nil }
                parts = more[...]
            }
            return parts.popFirst()
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(CallError) -> AnswerPart? {
            try await next()
        }
    }
}
