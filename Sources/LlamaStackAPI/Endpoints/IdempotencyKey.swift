/// A client's name for a change that it may request again, because it does not know whether the first request came
/// through: 1 to 255 visible ASCII characters of its own, new for each change.
///
/// Over HTTP it is the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header); over the contract it is an
/// option of the call, so that a provider that does not support it refuses it.
public struct IdempotencyKey: Sendable, Hashable {
    /// The header's name over HTTP.
    public static let header = "Idempotency-Key"
    /// The option's name over the contract.
    public static let option = "idempotency_key"
    /// The rule for the text, in the words of an error: "must be …".
    public static let wanted = "1 to 255 visible ASCII characters"

    /// The key as the client sent it.
    public let text: String

    /// nil unless the text is 1 to 255 visible ASCII characters.
    public init?(_ text: String) {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.text = text
    }
}
