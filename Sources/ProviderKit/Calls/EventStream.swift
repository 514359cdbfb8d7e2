import CProviderABI
import ContractBridge
import LlamaStackAPI

/// Where a streamed answer's events go. The host frames them and sends each at once.
///
/// May be handed to other tasks and threads; after the method has returned, `send` throws `CancellationError`.
public struct EventStream<Event: WireValue>: Sendable {
    private enum Destination: Sendable {
        case answer(AnswerWriter, encode: @Sendable (Event) -> [UInt8])
        case function(@Sendable (Event) async throws -> Void)
    }

    private let destination: Destination

    init<Query, Body, Answer>(_ answer: AnswerWriter, _ endpoint: Endpoint<Query, Body, Answer, Event>) {
        destination = .answer(answer, encode: { endpoint.encode(event: $0) })
    }

    /// A stream whose events go to a function: for tests, and to make a whole answer out of a streamed one.
    public init(_ receive: @escaping @Sendable (Event) async throws -> Void) { destination = .function(receive) }

    /// Sends one event; waits first when the reader is behind. Throws `CancellationError` when the task is cancelled,
    /// the reader has left, or the method has returned.
    public func send(_ event: Event) async throws {
        switch destination {
        case .function(let receive):
            try Task.checkCancellation()
            try await receive(event)
        case .answer(let answer, let encode):
            while answer.isPaused, let waiter = answer.waiterForWritable() {
                try Task.checkCancellation()
                await waiter.fired()
            }
            try Task.checkCancellation()
            guard answer.write(Int32(LSP_EVENT), encode(event)) != .closed else { throw CancellationError() }
        }
    }

    /// Sends one event from a thread of the provider's own; blocks while the reader is behind. Never call it on Swift's
    /// shared threads.
    ///
    /// Throws `CancellationError` when the reader has left or the method has returned, and `internal` for a stream that
    /// was made from a function.
    public func sendBlocking(_ event: Event) throws {
        guard case .answer(let answer, let encode) = destination else {
            throw ProviderError(.internal, "sendBlocking needs a stream that goes to the host; use send here")
        }
        while answer.isPaused, let waiter = answer.waiterForWritable() { waiter.waitBlocking() }
        guard answer.write(Int32(LSP_EVENT), encode(event)) != .closed else { throw CancellationError() }
    }

    /// True when the reader has left: stop computing.
    public var isClosed: Bool {
        switch destination {
        case .answer(let answer, _): answer.isClosed
        case .function: Task.isCancelled
        }
    }
}
