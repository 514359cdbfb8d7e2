import LlamaStackAPI

/// Calls the endpoints of one API through the host. The typed clients (``InferenceClient``, …) are made of it.
public struct HostCaller: Sendable {
    let link: HostLink?
    /// "api" or "api/provider_id".
    let target: String
    /// The call on whose behalf: its request id, principal and deadline go along.
    let origin: Call?

    /// The whole answer of a call. Cancelling the task cancels the call.
    public func answer<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body,
        options: JSONObject = JSONObject()
    ) async throws -> Answer {
        let (pending, link) = try start(endpoint, query, body, options)
        let bytes = try await withTaskCancellationHandler {
            try await pending.body()
        } onCancel: {
            link.cancel(pending.callID)
        }
        switch endpoint.description.answerForm {
        case .empty: return try Answer(json: .object([:]), at: .root)
        case .json: return try Answer(json: try JSON(parsing: bytes, limits: .answer), at: .root)
        case .jsonLines:
            let lines = try bytes.split(separator: UInt8(ascii: "\n")).map {
                try JSON(parsing: Array($0), limits: .answer)
            }
            return try Answer(json: .array(lines), at: .root)
        }
    }

    /// The events of a streamed call. Its writer waits when this reader is behind; leaving the loop cancels the call.
    public func events<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body,
        options: JSONObject = JSONObject()
    ) throws -> AnswerEvents<Event> {
        let (pending, link) = try start(endpoint, query, body, options)
        return AnswerEvents(pending, link)
    }

    private func start<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body, _ options: JSONObject
    ) throws -> (PendingAnswer, HostLink) {
        guard let link else { throw ProviderError(.providerUnavailable, "there is no host to reach '\(target)' through") }
        var request = OutgoingRequest(target: target, method: endpoint.description.method)
        if Query.self != Nothing.self { request.parameters = query.json.bytes }
        if Body.self != Nothing.self { request.body = body.json.bytes }
        if !options.isEmpty { request.options = JSON.object(options).bytes }
        if let origin {
            request.principal = origin.principal
            request.requestID = origin.requestID
            request.deadlineNanoseconds = origin.deadlineNanoseconds
        }
        return (try link.call(request), link)
    }
}

extension JSONLimits {
    /// Answers come from a provider of the same distribution: as long as the body may be.
    fileprivate static var answer: JSONLimits { JSONLimits(bodyBytesMax: PendingAnswer.bodyBytesMax) }
}
