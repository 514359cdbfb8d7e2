/// Bytes that are not the JSON we take: where, what stood there, what was wanted.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `invalid_json`, or `json_too_deep`.
    public var code: ErrorCode
    /// Counted from 0; the length of the text when it ended too early.
    public var byteOffset: Int
    /// Never longer than a line, and never more of the text than one character of it.
    public var message: String

    /// An error at a byte of the text, with `invalid_json` unless another code is given.
    public init(_ message: String, byteOffset: Int, code: ErrorCode = .invalidJSON) {
        (self.code, self.byteOffset, self.message) = (code, byteOffset, message)
    }

    /// The place and the message, for logs and clients.
    public var description: String { "not valid JSON at byte \(byteOffset): \(message)" }
}

/// The limits of a JSON text. Everything here bounds memory or time.
public struct JSONLimits: Sendable, Equatable {
    /// Objects and arrays inside each other. Decoding recurses this deep, so ``depthCeiling`` bounds it.
    public var depthMax = 64
    /// Members of one object.
    public var membersMax = 10_000
    /// Items of one array.
    public var itemsMax = 100_000
    /// Bytes of one string as written, without its quotes. Documents come as base64 in one string, so an endpoint with
    /// a larger body raises it: see ``init(bodyBytesMax:)``.
    public var stringBytesMax = 1 << 20
    /// Characters of one number. No double needs more than 1,100.
    public var numberBytesMax = 1_100

    /// The greatest depth that is taken, whatever ``depthMax`` says: the parser recurses on its caller's stack.
    public static let depthCeiling = 512

    /// The defaults.
    public init() {}

    /// The defaults, with strings as long as the body may be.
    public init(bodyBytesMax: Int) { stringBytesMax = max(stringBytesMax, bodyBytesMax) }
}
