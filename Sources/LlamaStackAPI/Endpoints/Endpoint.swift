/// One endpoint, once. `Query` is a record of the query parameters, `Body` the JSON body, `Answer` what a whole
/// answer is (for JSON Lines: an array), `Event` what one event of a stream is. ``Nothing`` where there is none.
///
/// Its coders are for both ends: a provider decodes the request and encodes the answer, a client the other way round.
/// Whatever does not fit throws a ``WireError`` that names the field; bytes that are not JSON too, with the code
/// `invalid_json` or `json_too_deep`.
public struct Endpoint<Query: WireRecord, Body: WireValue, Answer: WireValue, Event: WireValue>: Sendable {
    /// Everything about the endpoint except its Swift types.
    public let description: EndpointDescription

    package init(
        _ api: API, _ method: String, _ verb: Verb, _ path: String, aliases: [EndpointDescription.Route] = [],
        queryAliases: [String: String] = [:], isJSONLines: Bool = false, streaming: Streaming = .never,
        routingKey: RoutingKey = .none, bodyBytesMax: Int = 2 << 20, isUntimed: Bool = false,
        isExtension: Bool = false, summary: String, rules: String...
    ) {
        let schema = { (type: any WireValue.Type) in type == Nothing.self ? nil : type.schema }
        description = EndpointDescription(
            api: api, method: method, route: EndpointDescription.Route(verb, path), aliases: aliases,
            query: Query.object.properties, queryAliases: queryAliases, body: schema(Body.self),
            answer: schema(Answer.self),
            answerFormat: Answer.self == Nothing.self ? .empty : isJSONLines ? .jsonLines : .json,
            event: schema(Event.self), streaming: streaming, routingKey: routingKey, bodyBytesMax: bodyBytesMax,
            isUntimed: isUntimed, isExtension: isExtension, summary: summary, rules: rules)
    }

    // MARK: The provider's end

    /// `json`: an object made from the query, `parameters` over the contract; borrowed for this call. No bytes: no
    /// parameters.
    public func decodeQuery(_ json: UnsafeRawBufferPointer) throws -> Query {
        try Query(json: json.isEmpty ? [:] : JSON(wire: json, limits: JSONLimits()), at: .root)
    }

    /// Where the endpoint takes no body, no bytes and `{}` are taken.
    public func decodeBody(_ json: UnsafeRawBufferPointer) throws -> Body {
        if Body.self == Nothing.self, json.isEmpty { return try Body(json: [:], at: .root) }
        // The host has held the body's size to the limit of the distribution, which may be more than the route's own.
        let limits = JSONLimits(bodyBytesMax: max(description.bodyBytesMax, json.count))
        return try Body(json: JSON(wire: json, limits: limits), at: .root)
    }

    /// Decodes an array as ``decodeQuery(_:)`` decodes borrowed bytes.
    public func decodeQuery(_ json: [UInt8]) throws -> Query { try json.withUnsafeBytes { try decodeQuery($0) } }

    /// Decodes an array as ``decodeBody(_:)`` decodes borrowed bytes.
    public func decodeBody(_ json: [UInt8]) throws -> Body { try json.withUnsafeBytes { try decodeBody($0) } }

    /// No bytes for an empty answer, one line an item for JSON Lines.
    public func encode(answer: Answer) -> [UInt8] {
        var bytes: [UInt8] = []
        switch (description.answerFormat, answer) {
        case (.empty, _): break
        case (.jsonLines, let list as any WireList): list.writeLines(to: &bytes)
        default: answer.write(to: &bytes)
        }
        return bytes
    }

    /// The JSON of one event, without its framing.
    public func encode(event: Event) -> [UInt8] { event.jsonBytes }

    // MARK: The client's end

    /// The parameters as a JSON object, which ``decodeQuery(_:)`` reads.
    public func encode(query: Query) -> [UInt8] { query.jsonBytes }

    /// The JSON of the body; no bytes where the endpoint takes none.
    public func encode(body: Body) -> [UInt8] { Body.self == Nothing.self ? [] : body.jsonBytes }

    /// Reads a whole answer; its strings may be as long as it is. The bytes of an empty answer are ignored,
    /// empty lines of JSON Lines are skipped. Throws a ``WireError`` when the answer does not fit.
    public func decodeAnswer(_ bytes: [UInt8]) throws -> Answer {
        switch description.answerFormat {
        case .empty: try Answer(json: [:], at: .root)
        case .json: try Answer(json: JSON(wire: bytes, limits: Self.limits(bytes)), at: .root)
        case .jsonLines:
            try Answer(
                json: .array(
                    bytes.split(separator: 0x0A).map { try JSON(wire: Array($0), limits: Self.limits(bytes)) }),
                at: .root)
        }
    }

    /// Reads the JSON of one event, without its framing. Throws a ``WireError`` when it does not fit.
    public func decodeEvent(_ bytes: [UInt8]) throws -> Event {
        try Event(json: JSON(wire: bytes, limits: Self.limits(bytes)), at: .root)
    }

    /// A string may be as long as the answer: one may hold what came in the largest request.
    private static func limits(_ answer: [UInt8]) -> JSONLimits { JSONLimits(bodyBytesMax: answer.count) }
}

/// The absence of a query, a body, an answer or events.
public struct Nothing: WireRecord, Hashable {
    /// A value without fields.
    public init() {}
    /// A record without fields: any key is refused.
    public static let object = Object("Nothing", isComponent: false, { Nothing() })
}

extension JSON {
    /// Bytes of a body: what is wrong with them is a ``WireError`` about the whole body.
    init(wire bytes: [UInt8], limits: JSONLimits) throws {
        self = try bytes.withUnsafeBytes { try JSON(wire: $0, limits: limits) }
    }

    init(wire bytes: UnsafeRawBufferPointer, limits: JSONLimits) throws {
        do throws(JSONError) { self = try JSON(parsing: bytes, limits: limits) } catch {
            throw WireError(.root, "is \(error)", code: error.code)
        }
    }
}
