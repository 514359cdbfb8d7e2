import Dialects
import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// Which verbs each path has.
struct PathVerbs: Sendable {
    private var verbs: [PathTemplate: Set<String>] = [:]

    /// False when it was there already.
    mutating func insert(_ method: HTTPRequest.Method, _ path: PathTemplate) -> Bool {
        verbs[path, default: []].insert(method.rawValue).inserted
    }

    /// As the header `Allow` says it, and the path as its route has it; nil for a path that is not served. Neither a
    /// trailing slash nor a doubled one counts, as with the router.
    func allowed(_ path: String) -> (verbs: String, path: String)? {
        let found = verbs.filter { $0.key.match(path) != nil }.min { $0.key.parameters.count < $1.key.parameters.count }
        return found.map { ($0.value.sorted().joined(separator: ", "), $0.key.text { "{\($0)}" }) }
    }
}

/// A verb that a path does not have is 405 and names those it has.
struct WrongMethod: RouterMiddleware {
    typealias Context = FrontContext
    let verbs: PathVerbs
    let forms: ErrorForms

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            guard let (allowed, path) = verbs.allowed(request.uri.path) else { throw error }
            context.coreContext.endpointPath.value = path
            let wrong = CallError(.methodNotAllowed, "this path has \(allowed), not \(request.method.rawValue)")
            var response = forms.response(wrong, path: request.uri.path, requestID: context.requestID)
            response.headers[.allow] = allowed
            return response
        }
    }
}
