import CProviderABI
import ContractBridge
import LlamaStackAPI

/// One row of ``Provider/methods``: an endpoint, and the method of the provider that answers it.
public struct Method<P: Provider>: Sendable {
    /// The method's name over the contract; ``Provider/unsupported`` and ``Provider/options`` use it too.
    public let name: String
    /// Whether it can answer with events: on request, or always.
    public let canStream: Bool
    let run: @Sendable (P, IncomingCall) async throws -> Void

    /// A method that answers as a whole. The call is decoded strictly before `answer` runs: a request that does not fit
    /// is refused without it.
    public init<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>,
        _ answer: @escaping @Sendable (P, Query, Body, Call) async throws -> Answer
    ) {
        name = endpoint.description.method
        canStream = false
        run = { provider, incoming in
            let (query, body) = try await incoming.decode(endpoint)
            try await incoming.send(answer(provider, query, body, incoming.call), endpoint)
        }
    }

    /// A method with an empty answer.
    public init<Query, Body, Event>(
        _ endpoint: Endpoint<Query, Body, Nothing, Event>,
        _ act: @escaping @Sendable (P, Query, Body, Call) async throws -> Void
    ) {
        self.init(endpoint) { provider, query, body, call in
            try await act(provider, query, body, call)
            return Nothing()
        }
    }

    /// A method that streams when the body asks for it (`when`), and else answers as a whole.
    public init<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>,
        _ answer: @escaping @Sendable (P, Query, Body, Call) async throws -> Answer,
        when isStreamed: @escaping @Sendable (Body) -> Bool,
        _ stream: @escaping @Sendable (P, Query, Body, Call, EventStream<Event>) async throws -> Void
    ) {
        name = endpoint.description.method
        canStream = true
        run = { provider, incoming in
            let (query, body) = try await incoming.decode(endpoint)
            if isStreamed(body) {
                await incoming.leaveCaller()
                try await stream(provider, query, body, incoming.call, EventStream(incoming.answer, endpoint))
            } else {
                try await incoming.send(answer(provider, query, body, incoming.call), endpoint)
            }
        }
    }

    /// A method that always streams.
    public init<Query, Body, Answer, Event>(
        streaming endpoint: Endpoint<Query, Body, Answer, Event>,
        _ stream: @escaping @Sendable (P, Query, Body, Call, EventStream<Event>) async throws -> Void
    ) {
        name = endpoint.description.method
        canStream = true
        run = { provider, incoming in
            let (query, body) = try await incoming.decode(endpoint)
            await incoming.leaveCaller()
            try await stream(provider, query, body, incoming.call, EventStream(incoming.answer, endpoint))
        }
    }
}

/// A call as it came in. The spans it borrows live until the answer is finished, and that is after `run` returned.
struct IncomingCall: @unchecked Sendable {
    // Unchecked because of these C pointers; nothing writes to what they point at.
    let request: lsp_request
    let answer: AnswerWriter
    let call: Call
    /// nil where the task began on one of Swift's.
    let callersThread: CallersThread?

    /// Goes on on one of Swift's threads: a stream may send for long before it waits.
    func leaveCaller() async { await callersThread?.leave() }

    /// Decodes without a copy of the bytes, once.
    func decode<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>
    ) async throws -> (Query, Body) {
        try await OffPool.run(bytes: request.body.buffer.count) { try decodeHere(endpoint) }
    }

    private func decodeHere<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>
    ) throws -> (Query, Body) {
        (try endpoint.decodeQuery(request.parameters.buffer), try endpoint.decodeBody(request.body.buffer))
    }

    /// How long an answer is turns out when it is written down: unless it is surely short, not on the shared threads.
    func send<Query, Body, Answer, Event>(
        _ answer: Answer, _ endpoint: Endpoint<Query, Body, Answer, Event>
    ) async throws {
        let bytesMax = answer.isShort(bytesMax: OffPool.bytesMax) ? 0 : Int.max
        let large = try await OffPool.run(bytes: bytesMax) { [sink = self.answer] () -> [UInt8] in
            let bytes = endpoint.encode(answer: answer)
            guard bytes.count <= Self.pieceBytesMax else { return bytes }
            if !bytes.isEmpty { sink.write(Int32(LSP_BODY), bytes) }
            return []
        }
        for start in stride(from: 0, to: large.count, by: Self.pieceBytesMax) {
            while self.answer.isPaused, let waiter = self.answer.waiterForWritable() { await waiter.fired() }
            let piece = Array(large[start..<min(start + Self.pieceBytesMax, large.count)])
            guard self.answer.write(Int32(LSP_BODY), piece) != .closed else { return }
        }
    }

    /// A host takes 64 MiB in one write; a larger body goes in pieces, as fast as its reader takes them.
    private static var pieceBytesMax: Int { 8 << 20 }
}
