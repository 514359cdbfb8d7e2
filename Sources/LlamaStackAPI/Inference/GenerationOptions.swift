/// The wishes of a caller for a generation beyond the draft's request. Each key is an option of a call, which a
/// provider supports by naming it for the method. Absent fields ask for nothing.
public struct GenerationOptions: WireRecord, Hashable {
    /// Send the fields of answers that the draft does not have.
    public var extended: Bool?
    /// Texts at which the answer ends, at most ``stopsMax`` of 1 to ``stopBytesMax`` bytes. Nothing of one is sent.
    public var stop: [String]?
    /// The same seed, prompt and parameters give the same answer.
    public var seed: Int?
    /// How many answers to make of one prompt, up to ``answersMax``. Chunks then carry `index`; whole answers can't.
    public var n: Int?
    /// With log probabilities: how many of the likeliest tokens to tell beside each token, up to ``topLogprobsMax``.
    public var topLogprobs: Int?
    /// Added to the logits of tokens, by the token's id: -100 to 100.
    public var logitBias: [String: Double]?
    /// Taken from the logit of every token that the answer has already: -2 to 2.
    public var presencePenalty: Double?
    /// Taken from the logit of a token for each time that the answer has it already: -2 to 2.
    public var frequencyPenalty: Double?
    /// Divides the positive logits of tokens that the prompt or the answer has, and multiplies the negative ones; above
    /// 0, up to 10. 1 changes nothing.
    public var repetitionPenalty: Double?
    /// Leaves out tokens that are less likely than this share of the likeliest one: 0 to 1.
    public var minP: Double?
    /// Go on to the limit of tokens: the tokens that end a turn are not taken.
    public var ignoreEOS: Bool?
    /// Whether one answer may call several tools; it may when absent.
    public var parallelToolCalls: Bool?
    /// `auto`, `required`, `none` or `{"name": …}`.
    public var toolChoice: JSON?
    /// A JSON Schema that the whole answer keeps to.
    public var responseSchema: JSON?
    /// Further values for the model's chat template, by name.
    public var templateArguments: JSONObject?
    /// The last message is the assistant's: go on with it in place of answering it.
    public var continueLast: Bool?

    public static let stopsMax = 16
    public static let stopBytesMax = 1024
    public static let answersMax = 16
    public static let topLogprobsMax = 20

    /// Asks for nothing.
    public init() {}

    private init(
        extended: Bool?, stop: [String]?, seed: Int?, n: Int?, topLogprobs: Int?, logitBias: [String: Double]?,
        presencePenalty: Double?, frequencyPenalty: Double?, repetitionPenalty: Double?, minP: Double?,
        ignoreEOS: Bool?, parallelToolCalls: Bool?, toolChoice: JSON?, responseSchema: JSON?,
        templateArguments: JSONObject?, continueLast: Bool?
    ) {
        (self.extended, self.stop, self.seed, self.n, self.topLogprobs) = (extended, stop, seed, n, topLogprobs)
        (self.logitBias, self.presencePenalty) = (logitBias, presencePenalty)
        (self.frequencyPenalty, self.repetitionPenalty) = (frequencyPenalty, repetitionPenalty)
        (self.minP, self.ignoreEOS, self.parallelToolCalls) = (minP, ignoreEOS, parallelToolCalls)
        (self.toolChoice, self.responseSchema) = (toolChoice, responseSchema)
        (self.templateArguments, self.continueLast) = (templateArguments, continueLast)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "GenerationOptions", isComponent: false, Self.init,
        Field("extended", \.extended, "Send the fields of answers that the draft does not have."),
        Field("stop", \.stop, "Texts at which the answer ends; nothing of one is sent."),
        Field("seed", \.seed, "The same seed, prompt and parameters give the same answer."),
        Field("n", \.n, "How many answers to make of one prompt."),
        Field("top_logprobs", \.topLogprobs, "How many of the likeliest tokens to tell beside each token."),
        Field("logit_bias", \.logitBias, "Added to the logits of tokens, by the token's id."),
        Field("presence_penalty", \.presencePenalty, "Taken from the logit of every token that the answer has."),
        Field("frequency_penalty", \.frequencyPenalty, "Taken from a token's logit for each time that it came."),
        Field("repetition_penalty", \.repetitionPenalty, "Makes what prompt and answer have less likely; 1: nothing."),
        Field("min_p", \.minP, "Leaves out tokens less likely than this share of the likeliest."),
        Field("ignore_eos", \.ignoreEOS, "Go on to the limit of tokens."),
        Field("parallel_tool_calls", \.parallelToolCalls, "Whether one answer may call several tools."),
        Field("tool_choice", \.toolChoice, "auto, required, none, or the name of one tool."),
        Field("response_schema", \.responseSchema, "A JSON Schema that the whole answer keeps to."),
        Field("template_arguments", \.templateArguments, "Further values for the model's chat template."),
        Field("continue_last", \.continueLast, "Go on with the last message in place of answering it."))

    /// As a call's options: those that ask for something.
    public var options: JSONObject { Self.object.encode(self).objectValue ?? JSONObject() }

    /// Reads a call's options. Throws a ``WireError`` that names the first that does not fit, or is out of its range.
    public init(options: JSONObject) throws {
        self = try Self.object.decode(.object(options), at: .root)
        try check("stop", stop, "at most \(Self.stopsMax) texts of 1 to \(Self.stopBytesMax) bytes") { stops in
            stops.count <= Self.stopsMax && stops.allSatisfy { (1...Self.stopBytesMax).contains($0.utf8.count) }
        }
        try check("n", n, "in 1...\(Self.answersMax)") { (1...Self.answersMax).contains($0) }
        try check("top_logprobs", topLogprobs, "in 0...\(Self.topLogprobsMax)") {
            (0...Self.topLogprobsMax).contains($0)
        }
        try check("logit_bias", logitBias, "-100 to 100 for each token's id") { bias in
            bias.allSatisfy { (-100...100).contains($0.value) && UInt32($0.key) != nil }
        }
        try check("presence_penalty", presencePenalty, "in -2...2") { (-2...2).contains($0) }
        try check("frequency_penalty", frequencyPenalty, "in -2...2") { (-2...2).contains($0) }
        try check("repetition_penalty", repetitionPenalty, "above 0 and at most 10") { $0 > 0 && $0 <= 10 }
        try check("min_p", minP, "in 0...1") { (0...1).contains($0) }
    }

    private func check<Value: WireValue>(
        _ key: String, _ value: Value?, _ wanted: String, _ holds: @Sendable (Value) -> Bool
    ) throws {
        guard let value, !holds(value) else { return }
        throw WireError(.root[key], "must be \(wanted), got \(value.json.text.prefix(64))")
    }
}
