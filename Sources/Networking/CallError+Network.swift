import ContractBridge

/// Why something was not fetched: `url_not_allowed`, or `upstream_error` when the other side is at fault.
///
/// The message begins with a verb ("must be …") so that it can follow the name of what was given. It names no address
/// that a name resolved to: a client that may not go there need not learn what is there.
extension CallError {
    static func notAllowed(_ message: String) -> CallError { CallError(.urlNotAllowed, message) }
    static func upstream(_ message: String) -> CallError { CallError(.upstreamError, "can't be fetched: " + message) }
}
