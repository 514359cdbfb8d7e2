import Dialects
import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// The form that an error has: that of the dialect which the path belongs to, else the draft's.
struct ErrorForms: Sendable {
    let dialects: [Dialect]
    /// The part of each path before a dialect's own.
    let pathPrefix: String

    func response(_ error: CallError, path: String, requestID: String) -> Response {
        response(DialectError(error), path: path) ?? Response(error, requestID: requestID)
    }

    /// nil where the path is the draft's.
    private func response(_ error: DialectError, path: String) -> Response? {
        guard path.hasPrefix(pathPrefix) else { return nil }
        let path = String(path.dropFirst(pathPrefix.count))
        guard let dialect = dialects.first(where: { $0.owns(path) }) else { return nil }
        let status = dialect.errorStatus(error.code)
        var headers: HTTPFields = [.contentType: "application/json"]
        if let seconds = error.retryAfterSeconds {
            headers[.retryAfter] = String(seconds)
            headers[.retryAfterMilliseconds] = String(seconds * 1000)
        }
        let isRepeatable = dialect.endpoints.first { $0.paths.contains { $0.match(path) != nil } }?.isRepeatable ?? true
        // Their clients repeat whatever is 408, 409, 429 or 5xx, unless they are told.
        if status == 409 || status >= 500, !isRepeatable || Self.isLasting(error.code) {
            headers[.shouldRetry] = "false"
        }
        if ErrorBody.endsConnection(error.code) { headers[.connection] = "close" }
        return Response(
            status: .init(code: status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: dialect.errorBody(error))))
    }

    /// The same request would fail again.
    private static func isLasting(_ code: ErrorCode) -> Bool {
        [.notImplemented, .callLoop, .storageFull, .internal].contains(code)
    }
}
