/// `server` of a distribution: where it listens, which requests it answers, and how much it takes. Read and given its
/// defaults by ``ManifestKeys/server``; the HTTP front uses it as it is.
package struct ServerSettings: Sendable, Equatable {
    package var host: String
    package var port: Int
    /// Values of the Host header that are served besides the address itself, in lower case.
    package var allowedHosts: [String]
    /// Values of the Origin header that are served. Browsers send it.
    package var allowedOrigins: [String]
    /// Serve an address that others can reach without authentication.
    package var isInsecure: Bool
    /// The path that all routes are below, for a proxy that passes a part of its own paths on: "/llama". Empty: none.
    package var pathPrefix: String
    /// Pages for a browser at `/`.
    package var hasPlayground: Bool
    package var limits: Limits

    package struct Limits: Sendable, Equatable {
        /// For every route; nil: each endpoint's own limit.
        package var bodyBytesMax: Int?
        /// All bodies together, from their first byte until their calls have ended.
        package var bodiesBytesMax: Int
        package var connectionsMax: Int
        /// From a connection's opening to the end of its first header.
        package var headerTimeoutSeconds: Double
        /// For a whole body.
        package var bodyTimeoutSeconds: Double
        /// From an answer to the end of the next header; also between two pieces of a body.
        package var idleTimeoutSeconds: Double
        /// A write that the client has not taken after this long ends the connection.
        package var writeTimeoutSeconds: Double
        /// How long a call may write nothing.
        package var callSecondsMax: Double
        /// How long a provider may take to become ready, and to take one resource.
        package var createSecondsMax: Double
        /// How long running answers may go on once the server was told to stop.
        package var drainSeconds: Double
    }

    /// The settings of a distribution without the section.
    package init() { self = ManifestKeys.server.defaults.settings }

    init(
        host: String, port: Int, allowedHosts: [String], allowedOrigins: [String], isInsecure: Bool,
        pathPrefix: String, hasPlayground: Bool, limits: Limits
    ) {
        (self.host, self.port, self.isInsecure, self.limits) = (host, port, isInsecure, limits)
        (self.pathPrefix, self.hasPlayground) = (pathPrefix, hasPlayground)
        (self.allowedHosts, self.allowedOrigins) = (allowedHosts.map { $0.lowercased() }, allowedOrigins)
    }

    /// Whether only this machine can connect.
    package var isLoopback: Bool { ServerAddress.isLoopback(host) }
    /// Whether others can connect though that was not asked for. There is no authentication.
    package var isExposed: Bool { !isLoopback && !isInsecure }
}
