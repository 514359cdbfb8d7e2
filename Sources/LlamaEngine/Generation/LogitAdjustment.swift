/// The changes of one sequence's logits before a token is chosen: the repetition penalty, then those for presence and
/// frequency, then the bias. Which token comes next depends on the sequence's own tokens alone, so it is the same
/// whatever is computed beside.
struct LogitAdjustment {
    private let bias: [(token: Int, value: Float)]
    private let presence: Float
    private let frequency: Float
    private let repetition: Float
    /// How often the answer has each token.
    private var counts: [Int32: Int] = [:]
    /// The tokens of prompt and answer, where they count.
    private var seen: Set<Int32> = []

    /// nil where nothing is changed.
    init?(_ options: Sampling, prompt: [Int32]) {
        guard
            !options.logitBias.isEmpty || options.presencePenalty != 0 || options.frequencyPenalty != 0
                || options.repetitionPenalty != 1
        else { return nil }
        bias = options.logitBias.map { (Int($0.key), $0.value) }
        (presence, frequency) = (Float(options.presencePenalty), Float(options.frequencyPenalty))
        repetition = Float(options.repetitionPenalty)
        if repetition != 1 { seen = Set(prompt) }
    }

    /// - Parameter logits: one value per token of the vocabulary.
    func apply(to logits: inout [Float]) {
        if repetition != 1 {
            for token in seen {
                let logit = logits[Int(token)]
                logits[Int(token)] = logit > 0 ? logit / repetition : logit * repetition
            }
        }
        if presence != 0 || frequency != 0 {
            for (token, count) in counts { logits[Int(token)] -= presence + frequency * Float(count) }
        }
        for (token, value) in bias where token < logits.count { logits[token] += value }
    }

    /// Counts a token of the answer.
    mutating func note(_ token: Int32) {
        counts[token, default: 0] += 1
        if repetition != 1 { seen.insert(token) }
    }
}
