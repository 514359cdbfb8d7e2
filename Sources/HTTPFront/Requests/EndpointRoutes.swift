import Host
import HTTPTypes
import Hummingbird
import LlamaStackAPI

/// Adds the routes of the endpoint table, their aliases among them. A verb that a path does not have is 405 and names
/// those it has.
struct EndpointRoutes {
    let stack: Stack
    let configuration: FrontConfiguration
    let drain: Drain

    func add(to router: Router<FrontContext>) {
        let callIDs = CallIDs()
        var served: [String: Set<Verb>] = [:]
        for endpoint in Endpoints.all {
            for route in endpoint.routes {
                let handler = EndpointHandler(
                    endpoint: endpoint, route: route, stack: stack, bodyBytesMax: bodyBytesMax(of: endpoint),
                    drain: drain, callIDs: callIDs)
                let path = Self.trimmed(route.path)
                guard served[path, default: []].insert(route.verb).inserted else { continue }
                router.on(RouterPath(path), method: Self.method(route.verb), responder: handler)
            }
        }
        for (path, verbs) in served {
            let allowed = verbs.map(\.rawValue).sorted().joined(separator: ", ")
            for method in Self.methods where !verbs.contains(where: { Self.method($0) == method }) {
                // HEAD comes with GET.
                if method == .head, verbs.contains(.get) { continue }
                router.on(RouterPath(path), method: method, responder: WrongMethod(allowed: allowed))
            }
        }
    }

    /// The router does not look at a trailing slash.
    private static func trimmed(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// The distribution's own limit is for JSON; endpoints that take documents keep their larger one.
    private func bodyBytesMax(of endpoint: EndpointDescription) -> Int {
        let json = 2 * 1024 * 1024
        return endpoint.bodyBytesMax > json ? endpoint.bodyBytesMax : configuration.limits.bodyBytes
    }

    private static func method(_ verb: Verb) -> HTTPRequest.Method { .init(rawValue: verb.rawValue)! }
    private static let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
}

private struct WrongMethod: HTTPResponder {
    typealias Context = FrontContext
    let allowed: String

    func respond(to request: Request, context: FrontContext) async throws -> Response {
        let error = StackError(.methodNotAllowed, "this path has \(allowed), not \(request.method.rawValue)")
        var response = Response(error, requestID: context.requestID)
        response.headers[.allow] = allowed
        return response
    }
}
