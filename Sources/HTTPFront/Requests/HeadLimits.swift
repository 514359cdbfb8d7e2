import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// Refuses request targets and header fields over their limits; nothing of this API needs long ones. The parser knows
/// only the limit of the whole head, so that each is refused for what it is.
struct HeadLimits: RouterMiddleware {
    typealias Context = FrontContext

    static let uriBytesMax = 8 * 1024
    static let fieldBytesMax = 8 * 1024
    static let listBytesMax = 16 * 1024
    static let fieldsMax = 100

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        guard (request.head.path ?? "").utf8.count <= Self.uriBytesMax else {
            throw CallError(.uriTooLong, "the request target is over \(Self.uriBytesMax) bytes")
        }
        for field in request.headers
        where field.name.rawName.utf8.count + field.value.utf8.count > Self.fieldBytesMax {
            throw CallError(
                .headersTooLarge, "a field of the request's header is over \(Self.fieldBytesMax) bytes")
        }
        return try await next(request, context)
    }
}
