import LlamaStackAPI

/// What a provider throws to end a call with an error that the client can act on. Every other error that leaves a
/// provider's method becomes `internal` (500): its text goes to the log and not to the client.
public struct ProviderError: Error, Sendable, Equatable, CustomStringConvertible {
    public var code: ErrorCode
    /// For people: what was found, what was wanted, what to do next. Never a request's content.
    public var message: String
    /// The path of the field that is wrong (`sampling_params.top_p`), when there is one.
    public var field: String?
    /// With `queueFull` and `providerUnavailable`: when to try again.
    public var retryAfterSeconds: Int?

    public init(_ code: ErrorCode, _ message: String, field: String? = nil, retryAfterSeconds: Int? = nil) {
        (self.code, self.message, self.field, self.retryAfterSeconds) = (code, message, field, retryAfterSeconds)
    }

    public var description: String { "\(code.code): \(message)" }
}

extension ProviderError {
    init(_ error: WireError) {
        self.init(error.code, error.description, field: error.field.isEmpty ? nil : error.field)
    }

    var json: JSON {
        var object: JSONObject = ["code": .string(code.code), "message": .string(message)]
        if let field { object["field"] = .string(field) }
        if let retryAfterSeconds { object["retry_after_seconds"] = .integer(Int64(retryAfterSeconds)) }
        return .object(object)
    }

    /// An error object from the other side; one that is empty or not JSON is still an error of that status.
    init(status: Int32, object bytes: [UInt8]) {
        let object = bytes.isEmpty ? nil : try? JSON(parsing: bytes)
        let code = ErrorCode.find(code: object?["code"]?.stringValue, abiStatus: status)
        self.init(code, object?["message"]?.stringValue ?? "no message", field: object?["field"]?.stringValue)
        if case .integer(let seconds)? = object?["retry_after_seconds"] { retryAfterSeconds = Int(seconds) }
    }
}
