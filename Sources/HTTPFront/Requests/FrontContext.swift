import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI
import Logging
import NIOCore

/// The context of one request.
struct FrontContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any NIOCore.Channel
    /// The client's own `X-Request-Id` where it is a plain word, else one made here.
    var requestID = ""

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// The watcher of this request's connection. A connection that has closed has none any more.
    func presence() async throws -> ConnectionMonitor {
        let channel = channel
        do {
            return try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).presence
            }.get()
        } catch {
            throw CallError(.cancelled, "the client left")
        }
    }
}
