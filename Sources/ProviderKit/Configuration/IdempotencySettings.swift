import LlamaStackAPI

/// How long a provider remembers its answers to calls that their clients may send again. For a configuration:
///
///     Inline(\.idempotency, IdempotencySettings.object)
public struct IdempotencySettings: WireRecord, Equatable {
    /// From the answer on.
    public var hoursKept: Int
    /// The limit for all principals together.
    public var keysMax: Int

    /// Checks nothing: what comes from a configuration is within the bounds of ``object``.
    public init(hoursKept: Int, keysMax: Int) { (self.hoursKept, self.keysMax) = (hoursKept, keysMax) }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "IdempotencySettings", isComponent: false, Self.init,
        Field(
            "idempotency_hours", \.hoursKept, default: 24, check: .within(1...8760),
            "How long the answer to a change that came with an Idempotency-Key is remembered."),
        Field(
            "idempotency_keys_max", \.keysMax, default: 100_000, check: .within(1...10_000_000),
            "How many such answers are remembered; the oldest are forgotten first."))
}
