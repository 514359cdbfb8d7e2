import Host
import Hummingbird
import LlamaStackAPI

/// Refuses request targets over the limit; nothing of this API needs a long one.
struct URILimit: RouterMiddleware {
    typealias Context = FrontContext
    let bytesMax: Int

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        guard (request.head.path ?? "").utf8.count <= bytesMax else {
            throw StackError(.uriTooLong, "the request target is over \(bytesMax) bytes")
        }
        return try await next(request, context)
    }
}
