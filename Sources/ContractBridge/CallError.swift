import LlamaStackAPI

/// How a call fails: what a client reads under `detail`, and what a command prints.
///
/// A provider throws it to end a call with an error that the client can act on. Every other error that leaves a
/// provider's method becomes `internal` (500): its text goes to the log and not to the client.
public struct CallError: Error, Sendable, Equatable, CustomStringConvertible {
    public var code: ErrorCode
    /// For people: where, what was found, what was wanted, what to do next. Never a request's content.
    public var message: String
    /// The path of the field that is wrong (`sampling_params.top_p`), when there is one.
    public var field: String?
    /// With 429 and 503: when to try again.
    public var retryAfterSeconds: Int?
    /// Details of a provider's failure for the operator, not for clients: for the log and for a failed start.
    package var operatorMessage: String?
    /// The kind of that failure, for the exit code of a start.
    package var operatorCode: ErrorCode?
    /// A provider's errors in its configuration: {"pointer", "code", "message"} each.
    package var configComplaints: [JSON]?

    public init(_ code: ErrorCode, _ message: String, field: String? = nil, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.message = message
        self.field = field
        self.retryAfterSeconds = retryAfterSeconds
    }

    public var description: String { "\(code.code): \(message)" }
}
