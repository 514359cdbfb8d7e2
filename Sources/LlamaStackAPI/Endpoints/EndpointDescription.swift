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

/// Everything about one endpoint except its Swift types: what HTTP, routing, the document and the commands read.
public struct EndpointDescription: Sendable {
    public struct Route: Sendable, Hashable {
        public var verb: Verb
        /// Without regard to a trailing slash: both forms are served.
        public var path: String
        /// The query parameter, given once for each item, that makes the body when the request has none.
        public var bodyParameter: String?

        /// The query parameters may come as members of a JSON object, where the endpoint has no body of its own.
        public var takesParametersInBody: Bool

        public init(
            _ verb: Verb, _ path: String, bodyParameter: String? = nil, takesParametersInBody: Bool = false
        ) {
            (self.verb, self.path, self.bodyParameter) = (verb, path, bodyParameter)
            self.takesParametersInBody = takesParametersInBody
        }
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
    /// nil when the endpoint takes none.
    public var body: Schema?
    /// nil when the answer is empty. With JSON Lines an array, whose items are the lines.
    public var answer: Schema?
    public var answerForm: AnswerForm
    /// nil when the endpoint never streams.
    public var event: Schema?
    public var streaming: Streaming
    public var routingKey: RoutingKey
    public var bodyBytesMax: Int
    /// A call may write nothing for as long as it likes.
    public var isUntimed: Bool
    /// Not in the draft: printed only with --extensions.
    public var isExtension: Bool
    /// One line for people.
    public var summary: String
    /// What a provider promises beyond the shapes, a sentence each.
    public var rules: [String]

    /// `<api>.<method>`: unique among all endpoints.
    public var id: String { "\(api.rawValue).\(method)" }
    /// The draft's route, then the aliases.
    public var routes: [Route] { [route] + aliases }
    /// What a body may be at most.
    public var limits: JSONLimits { JSONLimits(bodyBytesMax: bodyBytesMax) }
}
