import ProviderKit

/// Why a request to a server has no result.
enum ServerFault: Error, Sendable, Equatable {
    /// The server answered with an error.
    case rpc(RPCError)
    /// Nothing came in time. `key` is the limit's, in the tool group's config.
    /// `stray` came meanwhile that belongs to nothing.
    case late(method: String, seconds: Double, key: String, stray: Stray = Stray())
    /// The connection or the process has ended: a sentence about it.
    case gone(String)
    /// It broke the protocol or a limit: a sentence about it.
    case broken(String)
    /// An HTTP status that is no success, with what its body says. `challenge` is the WWW-Authenticate of a 401.
    case http(status: Int, RPCError?, challenge: String?)

    /// The lines and answers of a server that belong to no request.
    struct Stray: Sendable, Equatable {
        /// Lines that are no message: a banner, or worse.
        var lines = 0
        /// Answers to requests that were never made.
        var answers = 0

        /// To follow another sentence; empty when there is nothing.
        var words: String {
            [
                lines > 0 ? "\(lines) \(lines == 1 ? "line that is" : "lines that are") no message" : nil,
                answers > 0 ? "\(answers) \(answers == 1 ? "answer" : "answers") to what was not asked" : nil,
            ].compactMap { $0.map { "; it wrote " + $0 } }.joined()
        }
    }

    /// To follow the server's name.
    var sentence: String {
        switch self {
        case .rpc(let error): "it answered with the error \(error.code): \(error.message.prefix(500))"
        case .late(let method, let seconds, let key, let stray):
            "it did not answer \(method) within \(Self.text(seconds)) s (\(key))" + stray.words
        case .gone(let sentence), .broken(let sentence): sentence
        case .http(401, _, let challenge):
            "it wants a token (401)"
                + (challenge.map { ": \($0)" } ?? "") + "; put one into the tool group's config.headers.Authorization"
        case .http(let status, let error, _):
            "it answered with the HTTP status \(status)" + (error.map { ": \($0.message.prefix(500))" } ?? "")
        }
    }

    /// The server's own error, whatever carried it.
    var rpcError: RPCError? {
        switch self {
        case .rpc(let error), .http(_, let error?, _): error
        default: nil
        }
    }

    private static func text(_ seconds: Double) -> String { Int(exactly: seconds).map(String.init) ?? "\(seconds)" }
}
