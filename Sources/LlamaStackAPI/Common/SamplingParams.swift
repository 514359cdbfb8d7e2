/// How the next token is drawn. On the wire a string, of which these three are taken.
public enum SamplingStrategy: String, CaseIterable, Hashable, WireValue {
    /// The likeliest token; goes with a temperature of 0.
    case greedy
    /// A draw from the likeliest tokens that hold ``SamplingParams/topP`` of the probability (nucleus sampling).
    case topP = "top_p"
    /// A draw from the ``SamplingParams/topK`` likeliest tokens.
    case topK = "top_k"

    /// A string: the draft does not list the strategies.
    public static var schema: Schema { .string() }
    /// The strategy's word.
    public var json: JSON { .string(rawValue) }
    /// Throws a ``WireError`` for any other word, with the three and a suggestion.
    public init(json: JSON, at path: FieldPath) throws { self = try Choice.decode(json, at: path) }
}

/// How the next token is chosen.
public struct SamplingParams: WireRecord, Hashable {
    /// Divides the logits before a draw; 0 or more, 0 by default. 0 takes the likeliest token. A value
    /// above 0 needs a strategy that draws.
    public var temperature: Double
    /// How the token is chosen; greedy by default.
    public var strategy: SamplingStrategy
    /// With ``SamplingStrategy/topP``: the share of the probability mass to draw from, in (0, 1]; 0.95 by default.
    public var topP: Double
    /// How many candidates to draw from; 0, the default, is no limit.
    public var topK: Int

    /// The draft's defaults, which are greedy. Ranges are checked by decoding alone.
    public init(temperature: Double = 0.0, strategy: SamplingStrategy = .greedy, topP: Double = 0.95, topK: Int = 0) {
        (self.temperature, self.strategy, self.topP, self.topK) = (temperature, strategy, topP, topK)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "SamplingParams", isComponent: false, Self.init,
        Field(
            "temperature", \.temperature, default: 0.0, check: .atLeast(0),
            "0 or more; 0 takes the likeliest token. Needs a strategy other than greedy."),
        Field("strategy", \.strategy, default: .greedy, "greedy, top_p or top_k."),
        Field(
            "top_p", \.topP, default: 0.95, check: .fraction,
            "With top_p: the share of the probability mass to draw from, in (0, 1]."),
        Field("top_k", \.topK, default: 0, check: .atLeast(0), "How many candidates to draw from; 0: no limit."))
}
