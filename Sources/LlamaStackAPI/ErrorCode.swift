/// Every error that this system can give, once: its stable code, its status over the plug-in contract, its HTTP
/// status, and the exit code of a command that ends with it (sysexits).
public struct ErrorCode: Sendable, Hashable, CustomStringConvertible {
    /// The word in `detail.code`.
    public let code: String
    /// `lsp_status`.
    public let abiStatus: Int32
    /// The status of the HTTP answer, unless that has begun already.
    public let httpStatus: Int
    /// The exit code of a command that ends with the error, as in `sysexits.h`.
    public let exitCode: Int32

    /// The code alone, as in ``code``.
    public var description: String { code }

    /// The body, the parameters or the options are not JSON.
    public static let invalidJSON = row("invalid_json", 1, 400, 65)
    /// JSON with more levels of brackets than ``JSONLimits/depthMax``.
    public static let jsonTooDeep = row("json_too_deep", 1, 400, 65)
    /// A request that cannot be served as it is, when no other code says why.
    public static let badRequest = row("bad_request", 1, 400, 65)
    /// The prompt, or the prompt together with `max_tokens`, is longer than the model's context; also a text to embed
    /// that is longer than the model takes.
    public static let contextLengthExceeded = row("context_length_exceeded", 1, 400, 65)
    /// An option of the call that the method does not support, an `Idempotency-Key` among them.
    public static let unsupportedOption = row("unsupported_option", 1, 400, 64)
    /// Content that the provider cannot read: an attachment, a media type.
    public static let unsupportedContent = row("unsupported_content", 1, 400, 65)
    /// The model's chat template refused the dialog.
    public static let templateError = row("template_error", 1, 400, 65)
    /// The model's chat template took too many steps or wrote too much.
    public static let templateLimit = row("template_limit", 1, 400, 65)
    /// A URL that the distribution does not let the provider read.
    public static let urlNotAllowed = row("url_not_allowed", 1, 400, 77)
    /// Providers call each other in a circle, deeper than the host allows. The host alone gives it.
    public static let callLoop = row("call_loop", 1, 508, 70)
    /// JSON that breaks the schema, or a value out of range. The error names the field.
    public static let invalidRequest = row("invalid_request", 2, 422, 65)
    /// A JSON Schema that is none, or that no answer can be held to. The error names the keyword and its place.
    public static let invalidSchema = row("invalid_schema", 2, 422, 65)
    /// The `Idempotency-Key` came before with another request.
    public static let idempotencyMismatch = row("idempotency_mismatch", 2, 422, 65)
    /// An id that does not exist. Where several providers serve the API, the host may ask the next one after it.
    public static let notFound = row("not_found", 3, 404, 66)
    /// A model that does not exist, or is not served by the provider.
    public static let modelNotFound = row("model_not_found", 3, 404, 66)
    /// An API that no provider of the distribution serves, or that the calling provider does not name in its `needs`.
    /// The host alone gives it.
    public static let apiNotServed = row("api_not_served", 3, 404, 69)
    /// A path that the HTTP front does not serve. The host alone gives it.
    public static let routeNotFound = row("route_not_found", 3, 404, 66)
    /// The id that a call would create is in use.
    public static let alreadyExists = row("already_exists", 4, 409, 73)
    /// A request or an answer over a limit on its size.
    public static let bodyTooLarge = row("body_too_large", 5, 413, 65)
    /// As many calls wait as may. The error may say when to try again.
    public static let queueFull = row("queue_full", 6, 429, 75)
    /// A method, a mode or a kind of resource that the provider does not have.
    public static let notImplemented = row("not_implemented", 7, 501, 69)
    /// The provider cannot serve now and may later: not started, its storage or its server failed.
    public static let providerUnavailable = row("provider_unavailable", 8, 503, 69)
    /// The machine is short of memory or of another resource. The error may say when to try again.
    public static let overloaded = row("overloaded", 8, 503, 75)
    /// A server that was asked on the client's behalf failed, or answered nonsense.
    public static let upstreamError = row("upstream_error", 8, 502, 69)
    /// The provider's process ended while the call ran. Its effect is not known. The host alone gives it.
    public static let providerCrashed = row("provider_crashed", 8, 502, 70)
    /// The provider's process broke the rules of its connection. The host alone gives it.
    public static let providerProtocolError = row("provider_protocol_error", 8, 502, 70)
    /// The server or the provider is being stopped and takes no new calls.
    public static let shuttingDown = row("shutting_down", 8, 503, 75)
    /// The call's deadline passed, or the provider did not answer in the time that the host allows.
    public static let providerTimeout = row("provider_timeout", 9, 504, 75)
    /// No room: the disk is full, or a limit on stored items is reached. Nothing of the call was kept.
    public static let storageFull = row("storage_full", 10, 507, 74)
    /// The end of a call that was cancelled. A client that has left does not see it.
    public static let cancelled = row("cancelled", 11, 499, 130)
    /// A fault of the provider or the host. The message goes to the log and not to the client.
    public static let `internal` = row("internal", 12, 500, 70)
    /// A mistake in the configuration of a provider or a resource; only from the start of a provider and from
    /// `register`.
    public static let invalidConfig = row("invalid_config", 13, 500, 78)
    // The HTTP front alone gives these: no provider answers them.
    /// The `Host` header names a host that the server does not answer for.
    public static let hostNotAllowed = row("host_not_allowed", 1, 403, 77)
    /// The `Origin` header names a web page that may not call the server.
    public static let originNotAllowed = row("origin_not_allowed", 1, 403, 77)
    /// The path is served, and not with this HTTP method.
    public static let methodNotAllowed = row("method_not_allowed", 1, 405, 64)
    /// The client did not send its whole request in time.
    public static let requestTimeout = row("request_timeout", 9, 408, 75)
    /// The request target is over the limit on its length.
    public static let uriTooLong = row("uri_too_long", 5, 414, 65)
    /// The body is not `application/json`, or comes with a content or transfer encoding that is not taken.
    public static let unsupportedMediaType = row("unsupported_media_type", 1, 415, 65)
    /// The request's header, or one field of it, is over the limit.
    public static let headersTooLarge = row("headers_too_large", 5, 431, 65)

    /// Every row, in the order of the documentation. Codes of providers' own are not among them.
    public static let all: [ErrorCode] = [
        invalidJSON, jsonTooDeep, badRequest, contextLengthExceeded, unsupportedOption, unsupportedContent,
        templateError, templateLimit, urlNotAllowed, callLoop, invalidRequest, invalidSchema, idempotencyMismatch,
        notFound,
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
