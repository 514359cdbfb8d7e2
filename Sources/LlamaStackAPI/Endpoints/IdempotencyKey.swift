/// What a client calls a change that it may ask for again, because it does not know whether the first time came through:
/// 1 to 255 visible ASCII characters of its own, new for each change.
///
/// Over HTTP it is the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header); over the contract it is an
/// option of the call, so that a provider that can't honour it refuses it.
public struct IdempotencyKey: Sendable, Hashable {
    public static let header = "Idempotency-Key"
    public static let option = "idempotency_key"
    /// What a text must be.
    public static let wanted = "1 to 255 visible ASCII characters"

    public let text: String

    public init?(_ text: String) {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.text = text
    }
}
