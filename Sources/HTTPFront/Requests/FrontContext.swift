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
    /// Set by the outermost layer.
    var monitor: ConnectionMonitor?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// The watcher of this request's connection. A connection that has closed has none any more.
    func presence() throws -> ConnectionMonitor {
        guard let monitor else { throw CallError(.cancelled, "the client left") }
        return monitor
    }
}
