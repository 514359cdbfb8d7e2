import LlamaStackAPI

/// Why something was not fetched: `url_not_allowed`, or `upstream_error` when the other side is at fault.
///
/// The message begins with a verb ("must be …") so that it can follow the name of what was given. It names no address
/// that a name resolved to: who may not go there need not learn what is there.
package struct FetchError: Error, Sendable, Equatable, CustomStringConvertible {
    package let code: ErrorCode
    package let message: String

    package var description: String { "\(code.code): \(message)" }

    static func notAllowed(_ message: String) -> FetchError { FetchError(code: .urlNotAllowed, message: message) }
    static func upstream(_ message: String) -> FetchError { FetchError(code: .upstreamError, message: message) }
}
