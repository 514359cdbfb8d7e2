import Dialects
import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// Every route of the server: those of the endpoint table, their aliases among them, those of the dialects, the
/// server's own, and its pages. All of them below `server.path_prefix`.
struct EndpointRoutes {
    let stack: Stack
    let settings: ServerSettings
    let dialects: [Dialect]
    let drain: Drain

    /// The verbs of all that `add` adds.
    var verbs: PathVerbs {
        var verbs = PathVerbs()
        for (method, path, _) in all { _ = verbs.insert(method, path) }
        return verbs
    }

    /// Each route's verb and path.
    var table: [(verb: String, path: String)] { all.map { ($0.0.rawValue, $0.1.text { "{\($0)}" }) } }

    /// - Returns: each route that was added, its path as the router has it.
    @discardableResult
    func add(
        to router: Router<FrontContext>
    ) -> [(HTTPRequest.Method, String, any HTTPResponder<FrontContext>)] {
        var verbs = PathVerbs()
        let added = all.filter { verbs.insert($0.0, $0.1) }.map { ($0, $1.text { "{\($0)}" }, $2) }
        for (method, path, responder) in added { router.on(RouterPath(path), method: method, responder: responder) }
        return added
    }

    private var all: [(HTTPRequest.Method, PathTemplate, any HTTPResponder<FrontContext>)] {
        let budget = BodyBudget(bytesMax: settings.limits.bodiesBytesMax)
        let dialectRoutes = DialectRoutes(
            dialects: dialects, stack: stack, settings: settings, drain: drain, budget: budget)
        let pages = settings.hasPlayground ? PlaygroundPages(stack: stack).all : []
        return (endpoints(budget) + own + dialectRoutes.all + pages).map { method, path, responder in
            // A trailing slash makes no other path.
            (method, PathTemplate(stringLiteral: settings.pathPrefix + path.text { "{\($0)}" }), responder)
        }
    }

    private func endpoints(
        _ budget: BodyBudget
    ) -> [(HTTPRequest.Method, PathTemplate, any HTTPResponder<FrontContext>)] {
        var all: [(HTTPRequest.Method, PathTemplate, any HTTPResponder<FrontContext>)] = []
        for endpoint in Endpoints.all {
            for route in endpoint.routes {
                let handler = EndpointHandler(
                    endpoint: endpoint, route: route, stack: stack,
                    bodyBytesMax: settings.limits.bodyBytesMax ?? endpoint.bodyBytesMax, budget: budget,
                    drain: drain)
                let path = PathTemplate(stringLiteral: route.path)
                all.append((.init(route.verb), path, handler))
                // Only what reads, and reads to an end. The log's layer takes the body off.
                if route == endpoint.route, route.verb == .get, endpoint.streaming == .never {
                    all.append((.head, path, handler))
                }
            }
        }
        return all
    }

    private var own: [(HTTPRequest.Method, PathTemplate, any HTTPResponder<FrontContext>)] {
        let document = CallbackResponder<FrontContext> { [dialects, settings] _, _ in
            let text = await OffPool.run { ServedDocument.json(dialects, pathPrefix: settings.pathPrefix).bytes }
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: text)))
        }
        return [
            ("/health/live", Health.live), ("/health/ready", Health.ready(drain, stack)), ("/openapi.json", document),
        ].flatMap { path, handler in [(.get, path, handler), (.head, path, handler)] }
    }
}

extension HTTPRequest.Method {
    init(_ verb: Verb) {
        self =
            switch verb {
            case .get: .get
            case .post: .post
            case .put: .put
            case .delete: .delete
            }
    }
}
