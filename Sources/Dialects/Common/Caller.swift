import LlamaStackAPI

/// The way from a route of a dialect to the draft's endpoints, on behalf of one request: its id, its client's presence
/// and its deadline go along. What it throws is a ``DialectError``, about the draft's field.
package protocol Caller: Sendable {
    /// Answers the whole answer.
    ///
    /// - Parameters:
    ///   - model: what the client called the model; nil for endpoints that are routed by none.
    ///   - options: of the call; one that the provider does not support is refused, by its name.
    func answer<Body, Answer, Event>(
        _ endpoint: Endpoint<Nothing, Body, Answer, Event>, _ body: Body, model: String?, options: JSONObject
    ) async throws -> Answer

    /// Answers the events of a call whose body asks for them.
    func events<Body, Answer, Event>(
        _ endpoint: Endpoint<Nothing, Body, Answer, Event>, _ body: Body, model: String?, options: JSONObject
    ) async throws -> EventReader<Event>

    /// Whether the provider of a model supports an option for a method; false when the call would fail anyway.
    func supports(_ option: String, _ endpoint: EndpointDescription, model: String) -> Bool

    /// The models that `inference` serves.
    var models: [ListedModel] { get }

    /// An id that no other answer has.
    func uniqueID(_ prefix: String) -> String
    /// Now, since 1970.
    var seconds: Int { get }
}

/// A model that clients may name.
package struct ListedModel: Sendable, Equatable {
    /// In the distribution.
    package var id: String
    package var aliases: [String]
    package var providerID: String
    /// The model that it adapts.
    package var base: String?
    /// Whether its provider can answer now.
    package var isReady: Bool
    /// When the server began to serve, since 1970.
    package var createdSeconds: Int

    package init(
        id: String, aliases: [String] = [], providerID: String, base: String? = nil, isReady: Bool = true,
        createdSeconds: Int
    ) {
        (self.id, self.aliases, self.providerID, self.base) = (id, aliases, providerID, base)
        (self.isReady, self.createdSeconds) = (isReady, createdSeconds)
    }
}

/// The events of a call, several at a time where several have come. One reader.
package struct EventReader<Event: Sendable>: Sendable {
    private let read: @Sendable () async throws -> [Event]?
    private let first: [Event]?

    /// Reads the first events: an error that comes before them is thrown here.
    ///
    /// - Parameter read: the next events, at least one; nil at the end.
    package init(_ read: @escaping @Sendable () async throws -> [Event]?) async throws {
        self.read = read
        first = try await read()
    }

    /// Calls `receive` with all events, those together that have come together.
    package func forEachBatch(_ receive: ([Event]) async throws -> Void) async throws {
        var batch = first
        while let events = batch {
            try await receive(events)
            batch = try await read()
        }
    }
}
