import LlamaEngine
import ProviderKit

extension Sampling {
    /// How the draft's parameters choose tokens. `top_p` counts with the strategy of that name alone; `top_k` bounds
    /// both strategies that draw, and 0 bounds nothing.
    ///
    /// Throws where a value would have no effect, because its sender expects another answer than it would get. A value
    /// that is the default, or that bounds nothing, may always be given.
    ///
    /// - Parameters:
    ///   - answer: which of several answers to one prompt: each has a seed of its own.
    ///   - stopTokens: not taken where the options say to ignore them.
    init(
        _ parameters: SamplingParams, _ options: GenerationOptions, logprobs: Bool, answer: Int = 0,
        stopTokens: Set<Int32>
    ) throws(ProviderError) {
        try parameters.checkEffect()
        self.init(
            seed: options.seed.map { UInt64(bitPattern: Int64($0)) &+ UInt64(answer) },
            topLogprobs: logprobs ? options.topLogprobs ?? 0 : nil)
        presencePenalty = options.presencePenalty ?? 0
        frequencyPenalty = options.frequencyPenalty ?? 0
        repetitionPenalty = options.repetitionPenalty ?? 1
        minP = options.minP ?? 0
        for (token, value) in options.logitBias ?? [:] {
            guard let token = Int32(token) else {
                throw ProviderError(
                    .invalidRequest, "logit_bias must be of this model's tokens, got \(token)", field: "logit_bias")
            }
            logitBias[token] = Float(value)
        }
        if options.ignoreEOS == true { for token in stopTokens { logitBias[token] = -.infinity } }
        switch parameters.strategy {
        case .greedy: return
        case .topP: topP = parameters.topP
        case .topK: break
        }
        temperature = parameters.temperature
        // More candidates than any vocabulary has are all of it.
        topK = min(parameters.topK, Int(Int32.max))
    }
}

extension SamplingParams {
    fileprivate func checkEffect() throws(ProviderError) {
        let strategy = strategy.rawValue
        if self.strategy == .greedy, temperature > 0 {
            throw Self.refusal(
                "temperature", "\(temperature)", "with the strategy greedy, which is the default",
                "send the strategy top_p or top_k too, or leave temperature out")
        }
        if self.strategy != .topP, topP != SamplingParams().topP, topP < 1 {
            throw Self.refusal(
                "top_p", "\(topP)", "with the strategy \(strategy)",
                "send the strategy top_p and a temperature above 0 too, or leave top_p out")
        }
        if self.strategy == .greedy, topK > 0 {
            throw Self.refusal(
                "top_k", "\(topK)", "with the strategy greedy, which is the default",
                "send the strategy top_k and a temperature above 0 too, or leave top_k out")
        }
        if self.strategy != .greedy, temperature == 0 {
            throw Self.refusal(
                "strategy", strategy, "at the temperature 0, which is the default and takes the likeliest token",
                "send a temperature above 0 too, or the strategy greedy")
        }
    }

    private static func refusal(
        _ name: String, _ value: String, _ condition: String, _ remedy: String
    ) -> ProviderError {
        let field = "sampling_params.\(name)"
        return ProviderError(.invalidRequest, "\(field) \(value) has no effect \(condition): \(remedy)", field: field)
    }
}
