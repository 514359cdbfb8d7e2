import LlamaStackAPI

/// An error on its way to whoever asked: what a client reads under `detail`, or a command prints.
package struct StackError: Error, Sendable, Equatable, CustomStringConvertible {
    package var code: ErrorCode
    /// For people: where, what was found, what was wanted, what to do next. Never a request's content.
    package var message: String
    /// The path of the field that is wrong, when there is one.
    package var field: String?
    /// With 429 and 503: when to try again.
    package var retryAfterSeconds: Int?
    /// What an operator may read and a client may not: how a provider failed. For the log and for start.
    package var operatorMessage: String?
    /// What kind of failure that was, for the exit code of a start.
    package var operatorCode: ErrorCode?
    /// What a provider finds wrong with a configuration: {"pointer", "code", "message"} each.
    package var configComplaints: [JSON]?

    package init(_ code: ErrorCode, _ message: String, field: String? = nil, retryAfterSeconds: Int? = nil) {
        (self.code, self.message, self.field, self.retryAfterSeconds) = (code, message, field, retryAfterSeconds)
    }

    package var description: String { "\(code.code): \(message)" }
}
