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
    }
}
