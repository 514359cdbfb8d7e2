import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// Which verbs each path has.
struct PathVerbs: Sendable {
    private var verbs: [String: Set<String>] = [:]

    /// False when it was there already.
    mutating func insert(_ method: HTTPRequest.Method, _ path: String) -> Bool {
        verbs[Self.canonical(path), default: []].insert(method.rawValue).inserted
    }

    /// As the header `Allow` says it; nil for a path that is not served.
    func allowed(_ path: String) -> String? {
        verbs[Self.canonical(path)]?.sorted().joined(separator: ", ")
    }

    /// The router does not look at a trailing slash, nor at a doubled one.
    static func canonical(_ path: String) -> String { "/" + path.split(separator: "/").joined(separator: "/") }
}

/// A verb that a path does not have is 405 and names those it has.
struct WrongMethod: RouterMiddleware {
    typealias Context = FrontContext
    let verbs: PathVerbs

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            guard let allowed = verbs.allowed(request.uri.path) else { throw error }
            context.coreContext.endpointPath.value = PathVerbs.canonical(request.uri.path)
            let wrong = CallError(.methodNotAllowed, "this path has \(allowed), not \(request.method.rawValue)")
            var response = Response(wrong, requestID: context.requestID)
            response.headers[.allow] = allowed
            return response
        }
    }
}
