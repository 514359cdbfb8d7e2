/// Every error that this system can give, once: its stable code, its status over the plug-in contract, its HTTP
/// status, and the exit code of a command that ends with it (sysexits).
public struct ErrorCode: Sendable, Hashable, CustomStringConvertible {
    /// The word in `detail.code`.
    public let code: String
    /// `lsp_status`.
    public let abiStatus: Int32
    public let httpStatus: Int
    public let exitCode: Int32

    public var description: String { code }

    public static let invalidJSON = row("invalid_json", 1, 400, 65)
    public static let jsonTooDeep = row("json_too_deep", 1, 400, 65)
    public static let badRequest = row("bad_request", 1, 400, 65)
    public static let contextLengthExceeded = row("context_length_exceeded", 1, 400, 65)
    public static let unsupportedOption = row("unsupported_option", 1, 400, 64)
    public static let unsupportedContent = row("unsupported_content", 1, 400, 65)
    public static let templateError = row("template_error", 1, 400, 65)
    public static let templateLimit = row("template_limit", 1, 400, 65)
    public static let urlNotAllowed = row("url_not_allowed", 1, 400, 77)
    /// Of providers that call each other in a circle.
    public static let callLoop = row("call_loop", 1, 508, 70)
    public static let invalidRequest = row("invalid_request", 2, 422, 65)
    public static let idempotencyMismatch = row("idempotency_mismatch", 2, 422, 65)
    public static let notFound = row("not_found", 3, 404, 66)
    public static let modelNotFound = row("model_not_found", 3, 404, 66)
    public static let apiNotServed = row("api_not_served", 3, 404, 69)
    public static let routeNotFound = row("route_not_found", 3, 404, 66)
    public static let alreadyExists = row("already_exists", 4, 409, 73)
    public static let bodyTooLarge = row("body_too_large", 5, 413, 65)
    public static let queueFull = row("queue_full", 6, 429, 75)
    public static let notImplemented = row("not_implemented", 7, 501, 69)
    public static let providerUnavailable = row("provider_unavailable", 8, 503, 69)
    public static let overloaded = row("overloaded", 8, 503, 75)
    /// Of a server that was asked on the client's behalf.
    public static let upstreamError = row("upstream_error", 8, 502, 69)
    /// Its process ended while the call ran.
    public static let providerCrashed = row("provider_crashed", 8, 502, 70)
    /// Its process broke the rules of the connection.
    public static let providerProtocolError = row("provider_protocol_error", 8, 502, 70)
    public static let shuttingDown = row("shutting_down", 8, 503, 75)
    public static let providerTimeout = row("provider_timeout", 9, 504, 75)
    public static let storageFull = row("storage_full", 10, 507, 74)
    public static let cancelled = row("cancelled", 11, 499, 130)
    public static let `internal` = row("internal", 12, 500, 70)
    public static let invalidConfig = row("invalid_config", 13, 500, 78)
    // Of the HTTP front alone: no provider answers them.
    public static let hostNotAllowed = row("host_not_allowed", 1, 403, 77)
    public static let originNotAllowed = row("origin_not_allowed", 1, 403, 77)
    public static let methodNotAllowed = row("method_not_allowed", 1, 405, 64)
    public static let requestTimeout = row("request_timeout", 9, 408, 75)
    public static let uriTooLong = row("uri_too_long", 5, 414, 65)
    public static let unsupportedMediaType = row("unsupported_media_type", 1, 415, 65)
    public static let headersTooLarge = row("headers_too_large", 5, 431, 65)

    public static let all: [ErrorCode] = [
        invalidJSON, jsonTooDeep, badRequest, contextLengthExceeded, unsupportedOption, unsupportedContent,
        templateError, templateLimit, urlNotAllowed, callLoop, invalidRequest, idempotencyMismatch, notFound,
        modelNotFound, apiNotServed, routeNotFound, alreadyExists, bodyTooLarge, queueFull, notImplemented,
        providerUnavailable, overloaded, upstreamError, providerCrashed, providerProtocolError, shuttingDown,
        providerTimeout, storageFull, cancelled, `internal`, invalidConfig,
        hostNotAllowed, originNotAllowed, methodNotAllowed, requestTimeout, uriTooLong, unsupportedMediaType,
        headersTooLarge,
    ]

    /// The row of a code, or the general row of a status when a provider uses a code of its own.
    public static func find(code: String?, abiStatus: Int32) -> ErrorCode {
        if let code, let row = all.first(where: { $0.code == code && $0.abiStatus == abiStatus }) { return row }
        let general: [ErrorCode] = [
            badRequest, invalidRequest, notFound, alreadyExists, bodyTooLarge, queueFull, notImplemented,
            providerUnavailable, providerTimeout, storageFull, cancelled, `internal`, invalidConfig,
        ]
        let row = general.first { $0.abiStatus == abiStatus } ?? .internal
        guard let code, !code.isEmpty, row != .internal else { return row }
        return ErrorCode(code: code, abiStatus: row.abiStatus, httpStatus: row.httpStatus, exitCode: row.exitCode)
    }

    private static func row(_ code: String, _ abiStatus: Int32, _ http: Int, _ exit: Int32) -> ErrorCode {
        ErrorCode(code: code, abiStatus: abiStatus, httpStatus: http, exitCode: exit)
    }
}
