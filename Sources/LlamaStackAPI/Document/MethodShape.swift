/// The input of a provider for one method and the output that it must write, in words: a row of `llama-stack list
/// methods` and of the page about methods.
package struct MethodShape: Sendable {
    package var endpoint: EndpointDescription
    let words: SchemaWords

    package init(_ endpoint: EndpointDescription) { self.init(endpoint, .plain) }

    init(_ endpoint: EndpointDescription, _ words: SchemaWords) { (self.endpoint, self.words) = (endpoint, words) }

    package var streamed: String {
        switch endpoint.streaming {
        case .never: "no"
        case .onRequest: "on request"
        case .always: "always"
        }
    }

    package var parameters: [String] { endpoint.query.map { words.code($0.key) } }

    package var body: String? { endpoint.body.map(words.words) }

    /// The type of a whole answer; nil when there is none.
    package var answer: String? {
        switch (endpoint.answerFormat, endpoint.answer) {
        case (.jsonLines, .array(let line, _, _)?): "lines, each \(words.words(line))"
        case (_, let answer?): words.words(answer)
        case (_, nil): nil
        }
    }

    /// The type of each event of a stream; nil when there is no stream.
    package var event: String? { endpoint.event.map(words.words) }

    /// The calls of `write` that make the answer.
    package var writes: String {
        let body = words.code("LSP_BODY"), event = words.code("LSP_EVENT")
        return switch (endpoint.streaming, endpoint.answerFormat) {
        case (.always, _): "an \(event) each"
        case (.onRequest, _): "\(body) once; streamed: an \(event) each"
        case (.never, .json): "\(body) once"
        case (.never, .jsonLines): "\(body) for each line"
        case (.never, .empty): "nothing"
        }
    }

    /// The part of a request that decides which of several providers gets it.
    package var routing: String {
        switch endpoint.routingKey {
        case .none: "the first provider"
        case .resource(.parameter(let key)), .tool(.parameter(let key)): words.code(key)
        case .resource(.field(let key)), .tool(.field(let key)): words.code(key) + " of the body"
        case .creation(.parameter(let key)): words.code(key) + ", new"
        case .creation(.field(let key)): words.code(key) + " of the body, new"
        case .all, .toolList: "all providers"
        case .listed(let kind): words.code(kind.requestField ?? kind.idKey) + " of the body"
        }
    }

    package var json: JSON {
        [
            "api": .string(endpoint.api.rawValue), "method": .string(endpoint.method), "streamed": .string(streamed),
            "parameters": .array(endpoint.query.map { .string($0.key) }), "body": body.map { .string($0) } ?? .null,
            "answer": answer.map { .string($0) } ?? .null, "event": event.map { .string($0) } ?? .null,
            "writes": .string(writes), "routed_by": .string(routing),
        ]
    }
}
