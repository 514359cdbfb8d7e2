import LlamaStackAPI

/// The body of a request in a dialect: a record that keeps the fields which it does not know.
package protocol DialectBody: WireRecord {
    static var policy: FieldPolicy { get }
    /// The members that no field took.
    var rest: JSONObject { get }
}

/// How the events of a stream go over HTTP.
package enum EventFraming: Sendable {
    /// `data: ` and the JSON, and `data: [DONE]` after the last.
    case dataLines

    /// The text of the record after the last event.
    package var end: String {
        switch self {
        case .dataLines: "[DONE]"
        }
    }
}

/// One route of a dialect: its types, and the translation between them and the draft's endpoints.
package struct DialectEndpoint: Sendable {
    package let verb: Verb
    /// The path of the document, and others that are served.
    package let paths: [PathTemplate]
    package let method: String
    /// nil when the route takes none.
    package let body: Schema?
    package let bodyBytesMax: Int
    package let policy: FieldPolicy
    package let answer: Schema
    /// nil when the route never streams.
    package let event: Schema?
    package let framing: EventFraming
    /// Whether a request that may have been carried out can be made again without acting twice.
    package let isRepeatable: Bool
    package let summary: String
    /// Decodes a request; what it answers is not started yet. For any thread: a large body takes a while.
    package let prepare: @Sendable (DialectRequest) throws -> PreparedRequest

    package var path: PathTemplate { paths[0] }

    /// A route without a body.
    package init<Answer: WireValue>(
        _ verb: Verb, _ paths: PathTemplate..., method: String, answer: Answer.Type, summary: String,
        _ run: @escaping @Sendable (DialectRequest, any Caller) async throws -> Answer
    ) {
        (self.verb, self.paths, self.method, self.summary) = (verb, paths, method, summary)
        (body, bodyBytesMax, policy, event) = (nil, 0, FieldPolicy(), nil)
        (self.answer, framing, isRepeatable) = (Answer.schema, .dataLines, true)
        prepare = { request in
            PreparedRequest(ignoredFields: []) { caller in .json(try await run(request, caller).jsonBytes) }
        }
    }

    /// A route with a JSON body. `event` is ``Nothing`` for one that never streams.
    package init<Body: DialectBody, Answer: WireValue, Event: WireValue>(
        _ verb: Verb, _ paths: PathTemplate..., method: String, body: Body.Type, bodyBytesMax: Int = 2 << 20,
        answer: Answer.Type, event: Event.Type = Nothing.self, framing: EventFraming = .dataLines,
        isRepeatable: Bool = true, summary: String,
        _ run: @escaping @Sendable (Body, any Caller) async throws -> DialectAnswer
    ) {
        (self.verb, self.paths, self.method, self.summary) = (verb, paths, method, summary)
        (self.body, self.bodyBytesMax, policy) = (Body.schema, bodyBytesMax, Body.policy)
        self.answer = Answer.schema
        self.event = Event.self == Nothing.self ? nil : Event.schema
        (self.framing, self.isRepeatable) = (framing, isRepeatable)
        prepare = { request in
            let body: Body
            do {
                body = try Body(json: request.body, at: .root)
            } catch let error as WireError {
                throw DialectError(error)
            }
            return PreparedRequest(ignoredFields: try Body.policy.ignored(in: body.rest)) { caller in
                try await run(body, caller)
            }
        }
    }
}

/// A request that has been decoded.
package struct PreparedRequest: Sendable {
    /// The client's fields that have no effect.
    package let ignoredFields: [String]
    /// Answers it. Throws a ``DialectError`` before anything of the answer has been sent.
    package let run: @Sendable (any Caller) async throws -> DialectAnswer
}

/// A request that has reached its route.
package struct DialectRequest: Sendable {
    /// The values of the path's parameters, decoded.
    package var parameters: [String: String]
    /// The parsed body; null for a route that takes none.
    package var body: JSON

    package init(parameters: [String: String] = [:], body: JSON = .null) {
        (self.parameters, self.body) = (parameters, body)
    }
}

/// The answer of a route.
package enum DialectAnswer: Sendable {
    /// One JSON value.
    case json([UInt8])
    /// Events: the function sends them all, and returns after the last. An error that it throws ends the stream as an
    /// event. It runs once.
    case events(@Sendable (any EventOutput) async throws -> Void)
}

/// Where the events of an answer go. Each is one JSON text; the server frames it.
package protocol EventOutput: Sendable {
    /// Sends several in one write. Waits while the client reads slowly.
    func send(_ events: [[UInt8]]) async throws
    /// Shows that the work goes on though there is no event.
    func ping() async throws
}
