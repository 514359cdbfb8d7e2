/// The HTTP methods of the routes. The raw value is the word of the request line.
public enum Verb: String, Sendable, CaseIterable {
    /// `put` is for extensions: no endpoint uses it yet.
    case get = "GET", post = "POST", put = "PUT", delete = "DELETE"
}

/// How an answer goes over HTTP.
public enum AnswerFormat: Sendable, Equatable {
    /// 200 without content.
    case empty
    /// One JSON value, application/json.
    case json
    /// One JSON value a line, application/jsonl; a JSON array when `Accept` asks for application/json.
    case jsonLines
}

/// When an endpoint answers with server-sent events in place of its answer.
public enum Streaming: Sendable, Equatable {
    /// Every answer is whole.
    case never
    /// When the body's `stream` is true.
    case onRequest
    /// Whatever the request says.
    case always
}

/// Everything about one endpoint except its Swift types: what HTTP, routing, the document and the commands read.
public struct EndpointDescription: Sendable {
    /// One way to reach an endpoint over HTTP.
    public struct Route: Sendable, Hashable {
        /// The HTTP method.
        public var verb: Verb
        /// Without regard to a trailing slash: both forms are served.
        public var path: String
        /// The query parameter, given once for each item, that makes the body when the request has none.
        public var bodyParameter: String?

        /// The query parameters may come as members of a JSON object, where the endpoint has no body of its own.
        public var takesParametersInBody: Bool

        /// A route whose parameters come in the query alone, unless the arguments say otherwise.
        public init(
            _ verb: Verb, _ path: String, bodyParameter: String? = nil, takesParametersInBody: Bool = false
        ) {
            (self.verb, self.path, self.bodyParameter) = (verb, path, bodyParameter)
            self.takesParametersInBody = takesParametersInBody
        }
    }

    /// The API whose providers answer it.
    public var api: API
    /// The method's name over the plug-in contract, unique within the API.
    public var method: String
    /// The draft's route, as the document prints it.
    public var route: Route
    /// Also served, not printed.
    public var aliases: [Route]
    /// The query parameters; none for an endpoint that takes none.
    public var query: [Schema.Property]
    /// Other names under which a query parameter is accepted: alias → name.
    public var queryAliases: [String: String]
    /// nil when the endpoint takes none.
    public var body: Schema?
    /// nil when the answer is empty. With JSON Lines an array, whose items are the lines.
    public var answer: Schema?
    /// How ``answer`` is written: nothing, one value, or a line for each item.
    public var answerFormat: AnswerFormat
    /// nil when the endpoint never streams.
    public var event: Schema?
    /// Whether the answer may come as events.
    public var streaming: Streaming
    /// How one of several providers of the API is chosen.
    public var routingKey: RoutingKey
    /// The largest body that the HTTP front takes, in bytes; a larger one is `body_too_large`.
    public var bodyBytesMax: Int
    /// A call may write nothing for as long as it likes.
    public var isUntimed: Bool
    /// Not in the draft: printed only with --extensions.
    public var isExtension: Bool
    /// One line for people.
    public var summary: String
    /// Promises of a provider that its types do not show, a sentence each.
    public var rules: [String]

    /// `<api>.<method>`: unique among all endpoints.
    public var id: String { "\(api.rawValue).\(method)" }
    /// The draft's route, then the aliases.
    public var routes: [Route] { [route] + aliases }
    /// The limits of the body's JSON.
    public var limits: JSONLimits { JSONLimits(bodyBytesMax: bodyBytesMax) }
}
