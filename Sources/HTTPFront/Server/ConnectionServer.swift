import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// Takes connections and has their requests answered, as Hummingbird's `Application` does. That one gives each request
/// a logger and a task-local value of its own, which nothing here reads.
struct ConnectionServer<Responder: HTTPResponder<FrontContext>>: Service {
    let responder: Responder
    let protocols: HTTPServerBuilder
    let configuration: ServerConfiguration
    let logger: Logger
    /// Gets the channel that listens.
    let onListening: @Sendable (any Channel) async -> Void

    func run() async throws {
        let date = DateHeader()
        let server = try protocols.buildServer(
            configuration: configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger
        ) { [responder, logger, name = configuration.serverName] request, writer, channel in
            let context = FrontContext(source: .init(channel: channel, logger: logger))
            var response: Response
            do {
                response = try await responder.respond(to: request, context: context)
            } catch let error as HTTPParserError {
                throw error
            } catch {
                response = Response(status: .internalServerError)
            }
            response.headers[.date] = date.value
            response.headers[.server] = name
            do {
                try await writer.write(response: response.head, body: response.body)
            } catch is HTTPParserError {
                throw BrokenWhileAnswering()
            }
        } onServerRunning: { [onListening] channel in
            await onListening(channel)
        }
        try await server.run()
    }

    /// The bytes behind the request are no HTTP. Hummingbird answers an error of its parser, which would be in the
    /// middle of the answer that has begun, but no other error.
    private struct BrokenWhileAnswering: Error {}
}
