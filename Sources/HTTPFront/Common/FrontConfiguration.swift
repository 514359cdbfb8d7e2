/// How the server listens, whom it answers, and how much it takes. Every limit has a name and a default.
package struct FrontConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0: any free port.
    package var port = 8321
    /// Besides the loopback names with our port: what a `Host` header may say, with its port if it has one.
    package var allowedHosts: [String] = []
    /// What an `Origin` header may say. Browsers send it; nobody else needs to.
    package var allowedOrigins: [String] = []
    package var limits = Limits()
    /// How long running answers may go on once the server was told to stop.
    package var drainSeconds = 30.0
    /// SIGHUP is a signal to end, as it is for what runs in a terminal.
    package var hangupEnds = false

    package init() {}

    package struct Limits: Sendable {
        package var connections = 1024
        package var headerFields = 100
        package var headerFieldBytes = 8 * 1024
        package var headerListBytes = 16 * 1024
        package var uriBytes = 8 * 1024
        /// For every route; nil: each route's own, which is 2 MiB where it takes no documents or datasets.
        package var bodyBytes: Int?
        /// All bodies together, from their first byte until their calls have ended.
        package var bodiesBytes = 512 * 1024 * 1024
        /// From the connection's opening to the end of its first header.
        package var headerSeconds = 10.0
        /// Between two pieces of a body.
        package var bodyIdleSeconds = 15.0
        /// For a whole body.
        package var bodySeconds = 300.0
        /// From an answer to the end of the next header.
        package var keepAliveSeconds = 60.0
        /// A write that the client has not taken after this long ends the connection.
        package var writeStallSeconds = 30.0

        package init() {}
    }

    /// Whether only this machine can connect.
    package var isLoopback: Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }
}
