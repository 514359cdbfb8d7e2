import ContractBridge
import LlamaStackAPI

/// Calls the endpoints of one API through the host. The typed clients (``InferenceClient``, …) are made of it.
public struct HostCaller: Sendable {
    let link: HostLink?
    /// "api" or "api/provider_id".
    let target: String
    /// The call on whose behalf: its request id, principal and deadline go along.
    let origin: Call?

    /// The whole answer of a call, up to 256 MiB. Cancelling the task cancels the call, which then throws `cancelled`.
    ///
    /// Throws the ``ProviderError`` that the call ended with: `apiNotServed` for an API that neither ``Provider/needs``
    /// nor ``Provider/wants`` names, `shuttingDown` when this instance is being stopped, `providerUnavailable` without
    /// a host. Throws a ``WireError`` when the answer does not fit its type.
    public func answer<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body,
        options: JSONObject = JSONObject()
    ) async throws -> Answer {
        let bytes = try await start(endpoint, query, body, options).collect()
        return try await OffPool.run(bytes: bytes.count) { try endpoint.decodeAnswer(bytes) }
    }

    /// The events of a streamed call. Its writer waits when this reader is behind; leaving the loop cancels the call.
    ///
    /// Throws as ``answer(_:_:_:options:)`` does; errors of the other provider come out of the loop.
    public func events<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body,
        options: JSONObject = JSONObject()
    ) throws -> AnswerEvents<Event> {
        AnswerEvents(try start(endpoint, query, body, options), endpoint.decodeEvent)
    }

    private func start<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body, _ options: JSONObject
    ) throws -> ContractBridge.Answer {
        var request = CallRequest(method: endpoint.description.method)
        if Query.self != Nothing.self { request.parameters = endpoint.encode(query: query) }
        request.body = endpoint.encode(body: body)
        request.options = options
        return try start(request)
    }

    /// Another target, on behalf of the same.
    func to(_ target: String) -> HostCaller { HostCaller(link: link, target: target, origin: origin) }

    func start(_ request: CallRequest) throws -> ContractBridge.Answer {
        guard let link else {
            throw ProviderError(.providerUnavailable, "there is no host to reach '\(target)' through")
        }
        var request = request
        request.target = target
        if let origin {
            request.principal = origin.principal
            request.requestID = origin.requestID
            request.deadlineNanoseconds = origin.deadlineNanoseconds
        }
        return try link.call(request)
    }
}
