import LlamaEngine
import ProviderKit

extension Sampling {
    /// How the draft's parameters choose tokens. `greedy` wins over `temperature`; `top_p` counts with the strategy of
    /// that name alone; `top_k` bounds both strategies that draw, and 0 bounds nothing.
    init(_ parameters: SamplingParams, seed: Int?, logprobs: Bool) {
        self.init(seed: seed.map { UInt64(bitPattern: Int64($0)) }, topLogprobs: logprobs ? 0 : nil)
        switch parameters.strategy {
        case .greedy: return
        case .topP: topP = parameters.topP
        case .topK: break
        }
        temperature = parameters.temperature
        topK = parameters.topK
    }
}
