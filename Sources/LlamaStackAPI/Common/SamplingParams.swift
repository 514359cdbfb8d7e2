/// How the next token is drawn. Over the wire a string, of which these three are known.
public enum SamplingStrategy: String, CaseIterable, Hashable, WireValue {
    case greedy
    case topP = "top_p", topK = "top_k"

    public static var schema: Schema { .string() }
    public var json: JSON { .string(rawValue) }
    public init(json: JSON, at path: FieldPath) throws { self = try Choice.decode(json, at: path) }
}

/// How the next token is chosen.
public struct SamplingParams: WireRecord, Hashable {
    public var temperature: Double
    public var strategy: SamplingStrategy
    public var topP: Double
    public var topK: Int

    public init(temperature: Double = 0.0, strategy: SamplingStrategy = .greedy, topP: Double = 0.95, topK: Int = 0) {
        (self.temperature, self.strategy, self.topP, self.topK) = (temperature, strategy, topP, topK)
    }

    public static let object = Object(
        "SamplingParams", isComponent: false, Self.init,
        Field(
            "temperature", \.temperature, default: 0.0, check: .atLeast(0),
            "0 or more. The strategy greedy wins over it."),
        Field("strategy", \.strategy, default: .greedy, "greedy, top_p or top_k."),
        Field(
            "top_p", \.topP, default: 0.95, check: .fraction,
            "With top_p: the share of the probability mass to draw from, in (0, 1]."),
        Field("top_k", \.topK, default: 0, check: .atLeast(0), "How many candidates to draw from; 0: no limit."))
}
