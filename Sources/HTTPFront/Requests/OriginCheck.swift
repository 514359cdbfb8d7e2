import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// Keeps web pages out of a server that listens for its own machine: `Host` must be a loopback name with our port or an
/// allowed one (against DNS rebinding), `Origin` must be an allowed one (against requests that the user did not mean).
struct OriginCheck: RouterMiddleware {
    typealias Context = FrontContext
    let settings: ServerSettings
    /// The port that was bound; the configured one may be 0.
    let port: @Sendable () -> Int

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        try checkHost(request)
        guard let origin = request.headers[.origin] else { return try await next(request, context) }
        guard settings.allowedOrigins.contains(origin) else {
            throw CallError(
                .originNotAllowed,
                "a web page of this origin may not use this server; name it under server.allowed_origins to let it")
        }
        var response = request.method == .options ? preflight() : try await next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.vary] = "Origin"
        response.headers[.accessControlExposeHeaders] = "X-Request-Id, Retry-After"
        return response
    }

    private func checkHost(_ request: Request) throws {
        guard let host = request.head.authority, !host.isEmpty, request.headers[values: .init("Host")!].isEmpty else {
            throw CallError(.badRequest, "the request must have exactly one Host header")
        }
        // Reachable by any name when the operator opened it to the network.
        if !settings.isLoopback, settings.allowedHosts.isEmpty { return }
        let name = host.lowercased()
        let own = settings.host.contains(":") && !settings.host.hasPrefix("[") ? "[\(settings.host)]" : settings.host
        let bare = ["127.0.0.1", "[::1]", "localhost", own.lowercased()]
        let ours = bare.map { "\($0):\(port())" } + (port() == 80 ? bare : [])
        guard (ours + settings.allowedHosts).contains(name) else {
            throw CallError(
                .hostNotAllowed,
                "this server does not answer for this Host; name it under server.allowed_hosts to let it")
        }
    }

    private func preflight() -> Response {
        Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST, DELETE",
                .accessControlAllowHeaders: "Content-Type, Authorization, X-Request-Id, Idempotency-Key",
                .accessControlMaxAge: "600",
            ])
    }
}
