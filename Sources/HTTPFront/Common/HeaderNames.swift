import HTTPTypes
import LlamaStackAPI

extension HTTPField.Name {
    /// HTTPTypes keeps the first one apart, as the authority.
    static let hostField = Self("Host")!
    static let requestID = Self("X-Request-Id")!
    static let idempotencyKey = Self(IdempotencyKey.header)!
    /// Proxies that hold answers back would make a stream useless.
    static let buffering = Self("X-Accel-Buffering")!
    /// The fields of a request that have no effect here.
    static let ignoredFields = Self("X-Ignored-Fields")!
    static let retryAfterMilliseconds = Self("retry-after-ms")!
    static let shouldRetry = Self("x-should-retry")!
}

extension HTTPFields {
    /// The field's value, as the subscript gives it; that one joins even a single value to a new text.
    func value(_ name: HTTPField.Name) -> String? {
        var found: String?
        for field in self where field.name == name {
            guard found == nil else { return self[name] }
            found = field.value
        }
        return found
    }
}
