import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// The routes of the endpoint table, their aliases among them, and health.
struct EndpointRoutes {
    let stack: Stack
    let settings: ServerSettings
    let drain: Drain

    /// The verbs of all that `add` adds.
    var verbs: PathVerbs {
        var verbs = PathVerbs()
        for (method, path, _) in all { _ = verbs.insert(method, path) }
        return verbs
    }

    func add(to router: Router<FrontContext>) {
        var verbs = PathVerbs()
        for (method, path, responder) in all where verbs.insert(method, path) {
            router.on(RouterPath(PathVerbs.canonical(path)), method: method, responder: responder)
        }
    }

    private var all: [(HTTPRequest.Method, String, any HTTPResponder<FrontContext>)] {
        let budget = BodyBudget(bytesMax: settings.limits.bodiesBytesMax)
        var all: [(HTTPRequest.Method, String, any HTTPResponder<FrontContext>)] = []
        for endpoint in Endpoints.all {
            for route in endpoint.routes {
                let handler = EndpointHandler(
                    endpoint: endpoint, route: route, stack: stack,
                    bodyBytesMax: settings.limits.bodyBytesMax ?? endpoint.bodyBytesMax, budget: budget,
                    drain: drain)
                all.append((Self.method(route.verb), route.path, handler))
                // Only what reads, and reads to an end. The log's layer takes the body off.
                if route == endpoint.route, route.verb == .get, endpoint.streaming == .never {
                    all.append((.head, route.path, handler))
                }
            }
        }
        for (path, handler) in [("/health/live", Health.live), ("/health/ready", Health.ready(drain, stack))] {
            all += [(.get, path, handler), (.head, path, handler)]
        }
        return all
    }

    private static func method(_ verb: Verb) -> HTTPRequest.Method {
        switch verb {
        case .get: .get
        case .post: .post
        case .put: .put
        case .delete: .delete
        }
    }
}
