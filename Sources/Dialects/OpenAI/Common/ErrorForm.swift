import LlamaStackAPI

/// `{"error": {"message", "type", "param", "code"}}`.
struct ErrorBody: WireRecord {
    struct Detail: WireRecord {
        var message: String
        var type: String
        var param: JSON
        var code: JSON

        static let object = Object(
            "OpenAIErrorDetail", isComponent: false, Self.init,
            Field("message", \.message, "For people."),
            Field("type", \.type, "The kind: invalid_request_error, rate_limit_error, server_error, …"),
            Field("param", \.param, whenAbsent: .null, "The field of the request that is wrong, or null."),
            Field("code", \.code, whenAbsent: .null, "Stable, for programs."))
    }

    var error: Detail

    static let object = Object("OpenAIError", Self.init, Field("error", \.error, "The failure."))
}

/// An error of this system for OpenAI's clients, which choose their exceptions by the status and show the
/// message.
enum ErrorForm {
    /// The status: theirs know no 422 for a request that breaks the schema, and 499 is a client that has left.
    static func status(_ code: ErrorCode) -> Int {
        switch code.httpStatus {
        case 422: 400
        default: code.httpStatus
        }
    }

    static func body(_ error: DialectError) -> ErrorBody {
        ErrorBody(
            error: .init(
                message: error.message, type: type(status(error.code)),
                param: error.field.map { .string($0) } ?? .null, code: .string(error.code.code)))
    }

    private static func type(_ status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }
}
