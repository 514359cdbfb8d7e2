import CProviderABI
import ContractBridge
import LlamaStackAPI

/// A call whose client may send it again: a provider that names ``IdempotencyKey/option`` among its options keeps the
/// answer together with the effect, and gives the same answer to the same request.
public struct IdempotentRequest: Sendable, Hashable {
    /// The client's key. Unique among those of one principal.
    public let key: String
    /// The caller that sent the key; empty when the host runs without authentication. Keys of different callers are
    /// independent.
    public let principal: String
    /// The method's name over the contract. A key that comes again with another method is a ``mismatch``.
    public let method: String
    /// A checksum of the method's parameters and body, byte by byte: equal for a request that is sent again, and for
    /// another one with a chance of 1 in 2^64. A forged match gains nothing: the answer is the sender's own.
    public let fingerprint: Int64

    /// For tests of a provider without a host. Checks nothing.
    public init(key: String, principal: String, method: String, fingerprint: Int64) {
        (self.key, self.principal, self.method, self.fingerprint) = (key, principal, method, fingerprint)
    }

    /// The error for a key that came before with another request.
    public var mismatch: ProviderError {
        ProviderError(
            .idempotencyMismatch,
            "the \(IdempotencyKey.header) was sent before with another request; a key is for one request alone",
            field: IdempotencyKey.option)
    }
}

extension IdempotentRequest {
    /// nil when the options hold no key.
    init?(_ options: JSONObject, of request: lsp_request) throws {
        guard let given = options[IdempotencyKey.option] else { return nil }
        guard let key = given.stringValue.flatMap(IdempotencyKey.init) else {
            throw ProviderError(
                .badRequest, "\(IdempotencyKey.option) must be \(IdempotencyKey.wanted)", field: IdempotencyKey.option)
        }
        var fingerprint = Checksum()
        fingerprint.add(request.parameters.buffer)
        fingerprint.add(request.body.buffer)
        self.init(
            key: key.text, principal: request.principal.text, method: request.method.text,
            fingerprint: fingerprint.value)
    }
}
