/// How the next token is chosen from the model's logits.
package struct Sampling: Sendable, Equatable {
    /// 0 takes the likeliest token (of equals the one with the lowest id), whatever the other fields say. Otherwise
    /// logits are divided by this first.
    package var temperature: Double
    /// Keep the likeliest tokens whose probabilities add up to at least this, in (0, 1]; 1 keeps all.
    package var topP: Double
    /// Keep this many of the likeliest tokens; 0 keeps all. Applied before `topP`.
    package var topK: Int
    /// The same seed, prompt and options give the same tokens on the same instruction set, whatever other sequences are
    /// computed beside; nil draws a new seed.
    package var seed: UInt64?
    /// nil: no logprobs. Otherwise each token carries its own and those of this many likeliest tokens, up to
    /// `topLogprobsMax`.
    package var topLogprobs: Int?

    /// Added to the logits of tokens, by their ids. Minus infinity: never.
    package var logitBias: [Int32: Float] = [:]
    /// Taken once from the logit of every token that the answer has already; -2 to 2.
    package var presencePenalty = 0.0
    /// Taken from a token's logit for each time that the answer has it; -2 to 2.
    package var frequencyPenalty = 0.0
    /// Divides the positive logits of tokens that prompt or answer have, and multiplies the negative ones (Keskar et
    /// al. 2019, arXiv:1909.05858); above 0, up to 10. 1 changes nothing. Before all other changes.
    package var repetitionPenalty = 1.0
    /// Leaves out tokens whose probability, after the temperature, is less than this share of the likeliest token's; 0
    /// to 1. Before `topP`.
    package var minP = 0.0

    package static let penaltyMax = 2.0
    package static let repetitionPenaltyMax = 10.0
    package static let temperatureMax = 100.0
    package static let topLogprobsMax = 20

    package init(
        temperature: Double = 0, topP: Double = 1, topK: Int = 0, seed: UInt64? = nil, topLogprobs: Int? = nil
    ) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.seed = seed
        self.topLogprobs = topLogprobs
    }

    /// - Throws: `GenerationError.invalidParameter`, with the wire's name of the first field that is out of range.
    package func validate() throws(GenerationError) {
        guard temperature >= 0, temperature <= Self.temperatureMax else {
            throw .invalidParameter(
                name: "temperature", reason: "must be in [0, \(Int(Self.temperatureMax))], got \(temperature)")
        }
        guard topP > 0, topP <= 1 else {
            throw .invalidParameter(name: "top_p", reason: "must be in (0, 1], got \(topP)")
        }
        guard topK >= 0, topK <= Int(Int32.max) else {
            throw .invalidParameter(name: "top_k", reason: "must be in [0, \(Int32.max)], got \(topK)")
        }
        if let topLogprobs, !(0...Self.topLogprobsMax).contains(topLogprobs) {
            throw .invalidParameter(
                name: "top_logprobs", reason: "must be in [0, \(Self.topLogprobsMax)], got \(topLogprobs)")
        }
        for (name, penalty) in [("presence_penalty", presencePenalty), ("frequency_penalty", frequencyPenalty)]
        where !(-Self.penaltyMax...Self.penaltyMax).contains(penalty) {
            throw .invalidParameter(name: name, reason: "must be in [-2, 2], got \(penalty)")
        }
        guard repetitionPenalty > 0, repetitionPenalty <= Self.repetitionPenaltyMax else {
            throw .invalidParameter(name: "repetition_penalty", reason: "must be in (0, 10], got \(repetitionPenalty)")
        }
        guard minP >= 0, minP <= 1 else {
            throw .invalidParameter(name: "min_p", reason: "must be in [0, 1], got \(minP)")
        }
    }
}
