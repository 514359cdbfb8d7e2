import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// Refuses request targets and header fields over their limits; nothing of this API needs long ones. The parser knows
/// only the limit of the whole head, so that each is refused for what it is.
struct HeadLimits: RouterMiddleware {
    typealias Context = FrontContext
    let limits: FrontConfiguration.Limits

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        guard (request.head.path ?? "").utf8.count <= limits.uriBytes else {
            throw CallError(.uriTooLong, "the request target is over \(limits.uriBytes) bytes")
        }
        for field in request.headers
        where field.name.rawName.utf8.count + field.value.utf8.count > limits.headerFieldBytes {
            throw CallError(
                .headersTooLarge, "a field of the request's header is over \(limits.headerFieldBytes) bytes")
        }
        return try await next(request, context)
    }
}
