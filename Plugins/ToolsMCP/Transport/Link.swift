import ProviderKit

/// One request to a server.
struct ServerRequest: Sendable {
    var method: String
    var params: JSONObject = [:]
    /// The tool's name in a call, and the headers of its marked arguments: for HTTP alone.
    var name: String?
    var headers: [HTTPField] = []
    var limit: Limit
    /// The way to the network on whose behalf it is asked.
    var network: NetworkClient

    /// The seconds that an answer may take, and the key that sets them.
    struct Limit: Sendable {
        var seconds: Double
        var key: String
    }
}

/// The way to one server: a process, or a URL.
protocol Link: Sendable {
    /// The result of a request. A cancelled task tells the server, and throws `CancellationError`.
    func send(_ request: ServerRequest) async throws -> JSON
    /// Sends a notification; what goes wrong with it is seen at the next request.
    func notify(_ method: String, _ params: JSONObject) async
    /// Told what the opening has found, and nil before another.
    func use(_ era: ProtocolEra?)
    /// The session that requests carry; nil: none.
    var sessionID: String? { get }
    /// Returns when the link can't be used any more, with a sentence about why.
    func ended() async -> String
    /// The link can't be used: ``ended()`` returns.
    func fail(_ sentence: String)
    /// Ends the process or the session, and returns when that is done.
    func close() async
}
