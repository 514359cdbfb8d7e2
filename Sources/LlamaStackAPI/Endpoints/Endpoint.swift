/// The APIs that a provider can implement. The raw value is the word in a distribution and over the contract.
public enum API: String, Sendable, CaseIterable {
    case inference, agenticSystem = "agentic_system", memoryBanks = "memory_banks", datasets
    case rewardScoring = "reward_scoring", syntheticDataGeneration = "synthetic_data_generation"
    case postTraining = "post_training"
}

public enum Verb: String, Sendable, CaseIterable {
    case get = "GET", post = "POST", put = "PUT", delete = "DELETE"
}

/// How an answer goes over HTTP.
public enum AnswerForm: Sendable, Equatable {
    /// 200 without content.
    case empty
    /// One JSON value, application/json.
    case json
    /// One JSON value a line, application/jsonl; a JSON array when `Accept` asks for application/json.
    case jsonLines
}

/// When an endpoint answers with server-sent events in place of its answer.
public enum Streaming: Sendable, Equatable {
    case never
    /// When the body's `stream` is true.
    case onRequest
    case always
}

/// Which resource decides the provider when several serve the API.
public enum RoutingKey: Sendable, Equatable {
    /// The API's only (or default) provider.
    case none
    /// The field `model` of the body names a model.
    case model
    /// A query parameter names a resource that the provider owns (a bank, a dataset, a job).
    case parameter(String)
}

/// Everything about one endpoint except its Swift types: what HTTP, routing, the document and the commands read.
public struct EndpointDescription: Sendable {
    public struct Route: Sendable, Hashable {
        public var verb: Verb
        /// Without regard to a trailing slash: both forms are served.
        public var path: String
        public init(_ verb: Verb, _ path: String) { (self.verb, self.path) = (verb, path) }
    }

    public var api: API
    /// The method's name over the plug-in contract, unique within the API.
    public var method: String
    /// The draft's route, as the document prints it.
    public var route: Route
    /// Also served, not printed.
    public var aliases: [Route]
    public var query: [Schema.Property]
    /// Other names under which a query parameter is accepted: alias → name.
    public var queryAliases: [String: String]
    public var body: Schema?
    public var answer: Schema?
    public var answerForm: AnswerForm
    public var event: Schema?
    public var streaming: Streaming
    public var routingKey: RoutingKey
    public var bodyBytesMax: Int
    /// Not in the draft: printed only with --extensions.
    public var isExtension: Bool
    /// The draft's own document lost it (M1); ours prints it.
    public var summary: String
}

/// One endpoint, once. `Query` is a record of the query parameters, `Body` the JSON body, `Answer` what a whole
/// answer is (for JSON Lines: an array), `Event` what one event of a stream is. ``Nothing`` where there is none.
public struct Endpoint<Query: WireRecord, Body: WireValue, Answer: WireValue, Event: WireValue>: Sendable {
    public let description: EndpointDescription
}

/// The absence of a query, a body, an answer or events.
public struct Nothing: WireRecord, Equatable {
    public init() {}
    public static let object = Object("Nothing", isComponent: false, "", { Nothing() })
}
