import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// The query of a request: the JSON object that a provider gets, each parameter of the endpoint once and by its own name
/// even where the client used an alias; unknown ones refused.
struct QueryParameters {
    private(set) var object = JSONObject()
    /// Given under the route's `bodyParameter`, which may come many times: the body, where the request has none.
    private(set) var bodyItems: [String] = []

    /// Which provider is to make a resource; nil: the default.
    private(set) var providerID: String?

    init(_ request: Request, of endpoint: EndpointDescription, on route: EndpointDescription.Route) throws {
        for (given, value) in try QueryString.parse(request.uri.query ?? "") {
            if given == route.bodyParameter {
                bodyItems.append(value)
                continue
            }
            if case .creation = endpoint.routingKey, given == RoutingKey.providerParameter {
                guard providerID == nil else {
                    throw StackError(.invalidRequest, "\(given) is given twice", field: given)
                }
                providerID = value
                continue
            }
            let name = endpoint.queryAliases[given] ?? given
            guard endpoint.query.contains(where: { $0.key == name }) else {
                let shown = FieldPath.root[given].description
                throw StackError(.invalidRequest, "\(shown) " + Self.unknown(given, endpoint), field: shown)
            }
            guard object[name] == nil else {
                throw StackError(.invalidRequest, "\(given) is given twice", field: given)
            }
            object[name] = .string(value)
        }
        for parameter in endpoint.query where parameter.isRequired && object[parameter.key] == nil {
            throw StackError(
                .invalidRequest, "the query parameter \(parameter.key) is required", field: parameter.key)
        }
    }

    private static func unknown(_ name: String, _ endpoint: EndpointDescription) -> String {
        let known = endpoint.query.map(\.key)
        if let close = Spelling.closest(to: name, in: known) {
            return "is not a query parameter of this route (did you mean '\(close)'?)"
        }
        return known.isEmpty
            ? "is not a query parameter of this route; it has none"
            : "is not a query parameter of this route; it has \(known.joined(separator: ", "))"
    }
}
