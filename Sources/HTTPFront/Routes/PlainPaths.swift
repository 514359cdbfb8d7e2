import HTTPTypes
import Hummingbird

/// Finds the handlers of the paths without parameters by one look-up. What is not found is the router's: other
/// spellings of the same paths, and all that has parameters or no route.
struct PlainPaths: HTTPResponder {
    typealias Context = FrontContext

    private var found: [String: [HTTPRequest.Method: any HTTPResponder<FrontContext>]] = [:]
    private let router: RouterResponder<FrontContext>

    init(_ router: Router<FrontContext>, _ routes: [(HTTPRequest.Method, String, any HTTPResponder<FrontContext>)]) {
        for (method, path, responder) in routes where !path.contains("{") {
            found[path, default: [:]][method] = router.middlewares.constructResponder(finalResponder: responder)
        }
        self.router = router.buildResponder()
    }

    func respond(to request: Request, context: FrontContext) async throws -> Response {
        let path = request.uri.path
        guard let responder = found[path]?[request.method] else {
            return try await router.respond(to: request, context: context)
        }
        context.coreContext.endpointPath.value = path
        return try await responder.respond(to: request, context: context)
    }
}
