import ContractBridge
import LlamaStackAPI

/// The events of a call to another provider, as they come. One loop over it.
///
/// Throws the ``ProviderError`` that the call ended with. The call is cancelled when the task is, and when the loop is
/// left early.
public struct AnswerEvents<Event: WireValue>: AsyncSequence, Sendable {
    /// One decoded event.
    public typealias Element = Event

    private let answer: Answer
    private let decode: @Sendable ([UInt8]) throws -> Event

    init(_ answer: Answer, _ decode: @escaping @Sendable ([UInt8]) throws -> Event) {
        self.answer = answer
        self.decode = decode
    }

    /// The iterator of the one loop: a second one would share the events with the first.
    public func makeAsyncIterator() -> Iterator { Iterator(parts: answer.makeAsyncIterator(), decode: decode) }

    /// Reads the events in order. Belongs to one task.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var parts: Answer.Iterator
        fileprivate let decode: @Sendable ([UInt8]) throws -> Event

        /// The next event; nil at the end of the stream. Waits while there is none.
        ///
        /// Throws `CancellationError` or the code `cancelled` when the task is cancelled, the ``ProviderError`` that
        /// the call ended with, and a ``WireError`` for an event that does not fit its type.
        public mutating func next() async throws -> Event? {
            try Task.checkCancellation()
            return try await parts.next().map { try decode($0.bytes) }
        }
    }
}
