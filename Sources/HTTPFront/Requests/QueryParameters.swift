import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// The query of a request: the JSON object that a provider gets, each parameter of the endpoint once and by its own
/// name even where the client used an alias; unknown ones refused.
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
                    throw CallError(.invalidRequest, "\(given) is given twice", field: given)
                }
                providerID = value
                continue
            }
            try add(given, value, endpoint)
        }
        if !route.takesParametersInBody { try checkRequired(endpoint) }
    }

    /// The parameters that came as members of a JSON object, on a route that takes them so.
    mutating func add(body: [UInt8], of endpoint: EndpointDescription) throws {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: body, limits: endpoint.limits) } catch {
            throw CallError(error.code, "the body is \(error)")
        }
        guard case .object(let members) = json else {
            throw CallError(.invalidRequest, "the body must be an object, got \(json.kind)")
        }
        for member in members.members where member.value != .null {
            guard let value = member.value.stringValue else {
                let shown = FieldPath.root[member.key].description
                throw CallError(
                    .invalidRequest, "\(shown) must be a string, got \(member.value.kind)", field: shown)
            }
            try add(member.key, value, endpoint)
        }
        try checkRequired(endpoint)
    }

    private mutating func add(_ given: String, _ value: String, _ endpoint: EndpointDescription) throws {
        let name = endpoint.queryAliases[given] ?? given
        guard endpoint.query.contains(where: { $0.key == name }) else {
            let shown = FieldPath.root[given].description
            throw CallError(.invalidRequest, "\(shown) " + Self.unknown(given, endpoint), field: shown)
        }
        guard object[name] == nil else {
            throw CallError(.invalidRequest, "\(given) is given twice", field: given)
        }
        object[name] = .string(value)
    }

    private func checkRequired(_ endpoint: EndpointDescription) throws {
        for parameter in endpoint.query where parameter.isRequired && object[parameter.key] == nil {
            throw CallError(
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
