import LlamaStackAPI

/// The failure of a request in a dialect, before it takes the dialect's form. What is inside the server is no part of
/// it.
package struct DialectError: Error, Sendable, Equatable, CustomStringConvertible {
    package var code: ErrorCode
    /// For people.
    package var message: String
    /// The path of the client's field that is wrong: `messages[2].content`.
    package var field: String?
    /// With 429 and 503: when to try again.
    package var retryAfterSeconds: Int?

    package init(_ code: ErrorCode, _ message: String, field: String? = nil, retryAfterSeconds: Int? = nil) {
        (self.code, self.message, self.field, self.retryAfterSeconds) = (code, message, field, retryAfterSeconds)
    }

    package init(_ error: WireError) {
        self.init(error.code, error.description, field: error.field.isEmpty ? nil : error.field)
    }

    package var description: String { "\(code.code): \(message)" }

    /// The same about the client's field, where `name` gives one for the field of the draft that it is about. The
    /// message names the client's too.
    package func renamed(_ name: (String) -> String?) -> DialectError {
        guard let field, let new = name(field), new != field else { return self }
        var error = self
        error.field = new
        error.message = message.replacing(field, with: new)
        return error
    }
}
