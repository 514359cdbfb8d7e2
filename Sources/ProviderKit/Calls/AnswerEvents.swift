import ContractBridge
import LlamaStackAPI

/// The events of a call to another provider, as they come. One loop over it.
///
/// Throws the ``ProviderError`` that the call ended with. The call is cancelled when the task is, and when the loop is left
/// early.
public struct AnswerEvents<Event: WireValue>: AsyncSequence, Sendable {
    public typealias Element = Event

    private let answer: Answer
    private let decode: @Sendable ([UInt8]) throws -> Event

    init(_ answer: Answer, _ decode: @escaping @Sendable ([UInt8]) throws -> Event) {
        self.answer = answer
        self.decode = decode
    }

    public func makeAsyncIterator() -> Iterator { Iterator(parts: answer.makeAsyncIterator(), decode: decode) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var parts: Answer.Iterator
        fileprivate let decode: @Sendable ([UInt8]) throws -> Event

        public mutating func next() async throws -> Event? {
            try Task.checkCancellation()
            return try await parts.next().map { try decode($0.bytes) }
        }
    }
}
