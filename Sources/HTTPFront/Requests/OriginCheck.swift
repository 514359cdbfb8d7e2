import Foundation
import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI
import NIOCore

/// Keeps web pages out of a server that listens for its own machine: `Host` must be a loopback name with our port or an
/// allowed one (against DNS rebinding), `Origin` must be the server's own or an allowed one (against requests that the
/// user did not mean).
struct OriginCheck: RouterMiddleware {
    typealias Context = FrontContext
    let settings: ServerSettings
    /// The port that was bound; the configured one may be 0.
    let port: @Sendable () -> Int

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        let make = { ownHosts(context.channel.localAddress) }
        // Not to be kept before the port is known.
        let own = port() == 0 ? make() : context.monitor?.hosts(make) ?? make()
        try checkHost(request, own)
        guard let origin = request.headers.value(.origin) else { return try await next(request, context) }
        guard settings.allowedOrigins.contains(origin) || own.contains(where: { "http://\($0)" == origin.lowercased() })
        else {
            throw CallError(
                .originNotAllowed,
                "a web page of this origin may not use this server; name it under server.allowed_origins to let it")
        }
        var response = request.method == .options ? preflight(request) : try await next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.vary] = "Origin"
        response.headers[.accessControlExposeHeaders] = "X-Request-Id, Retry-After, X-Ignored-Fields"
        return response
    }

    /// The names of this server that the file gives and those of the address that this connection came to, each as
    /// `Host` has it: with the port, and without it where it is HTTP's.
    private func ownHosts(_ address: SocketAddress?) -> [String] {
        let given = settings.host.lowercased()
        var names = ["127.0.0.1", "[::1]", "localhost", given.hasPrefix("[") ? given : SocketAddress.bracketed(given)]
        // Of a server that listens on all addresses, the one that was asked.
        if let name = address?.hostName { names.append(name) }
        return names.map { "\($0):\(port())" } + (port() == 80 ? names : []) + settings.allowedHosts
    }

    private func checkHost(_ request: Request, _ own: [String]) throws {
        guard let host = request.head.authority, !host.isEmpty, !request.headers.contains(.hostField) else {
            throw CallError(.badRequest, "the request must have exactly one Host header")
        }
        // Reachable by any name when the operator opened it to the network.
        if !settings.isLoopback, settings.allowedHosts.isEmpty { return }
        guard own.contains(host) || own.contains(host.lowercased()) else {
            throw CallError(
                .hostNotAllowed,
                "this server does not answer for this Host; name it under server.allowed_hosts to let it")
        }
    }

    /// OpenAI's clients say in a dozen headers what they run on.
    private func preflight(_ request: Request) -> Response {
        let asked = (request.headers[.accessControlRequestHeaders] ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            .filter { $0.hasPrefix("x-stainless-") && $0.utf8.allSatisfy(Self.plain.contains) }
        let allowed = ["Content-Type, Authorization, X-Request-Id, Idempotency-Key"] + asked.prefix(24)
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST, DELETE",
                .accessControlAllowHeaders: allowed.joined(separator: ", "),
                .accessControlMaxAge: "600",
            ])
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
}
