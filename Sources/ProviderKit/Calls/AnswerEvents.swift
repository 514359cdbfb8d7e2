import LlamaStackAPI

/// The events of a call to another provider, as they come. One loop over it.
///
/// Throws the ``ProviderError`` that the call ended with. The call is cancelled when the task is, and when the loop is left
/// early.
public struct AnswerEvents<Event: WireValue>: AsyncSequence, Sendable {
    public typealias Element = Event

    private let owner: Owner
    private let decode: @Sendable ([UInt8]) throws -> Event

    init(_ pending: PendingAnswer, _ link: HostLink, _ decode: @escaping @Sendable ([UInt8]) throws -> Event) {
        owner = Owner(pending, link)
        self.decode = decode
    }

    public func makeAsyncIterator() -> Iterator { Iterator(owner: owner, decode: decode) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let owner: Owner
        fileprivate let decode: @Sendable ([UInt8]) throws -> Event

        public mutating func next() async throws -> Event? {
            let owner = owner
            let bytes = try await withTaskCancellationHandler {
                try await owner.pending.nextEvent()
            } onCancel: {
                owner.cancel()
            }
            return try bytes.map(decode)
        }
    }

    /// When the last one who could read is gone, the call is cancelled.
    fileprivate final class Owner: Sendable {
        let pending: PendingAnswer
        private let link: HostLink

        init(_ pending: PendingAnswer, _ link: HostLink) { (self.pending, self.link) = (pending, link) }

        func cancel() {
            pending.abandon()
            link.cancel(pending.callID)
        }

        deinit { cancel() }
    }
}
