import Host
import Hummingbird
import Logging

/// A Hummingbird server that does nothing but answer the same bytes on each of its routes: the most that the front
/// could reach.
enum BareServer {
    /// Serves on a free port of this machine while `body` runs, which gets the port.
    ///
    /// - Parameter answers: the body for each route, as "GET /health/live".
    static func serve<Result: Sendable>(
        _ answers: [String: [UInt8]], _ body: @escaping @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let router = Router()
        for (route, answer) in answers {
            let words = route.split(separator: " ").map(String.init)
            let bytes = ByteBuffer(bytes: answer)
            router.on(RouterPath(words[1]), method: words[0] == "GET" ? .get : .post) { _, _ in
                Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: bytes))
            }
        }
        let responder = router.buildResponder()
        return try await ServedStack.serving(body) { onListening in
            let application = Application(
                responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { await onListening($0.localAddress?.port ?? 0) },
                logger: Logger(label: "bare", factory: { _ in SwiftLogNoOpLogHandler() }))
            try await application.run()
        }
    }
}
