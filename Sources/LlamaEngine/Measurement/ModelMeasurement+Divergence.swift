import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How far one model's predictions of a text are from another's: the Kullback-Leibler divergence of softmax(model) from
/// softmax(base), in nats, over all scored positions.
package struct Divergence: Sendable, Equatable {
    package let mean: Mean
    package let median: Double
    /// 99 of 100 positions are at or below.
    package let percentile99: Double
    package let largest: Double
    /// Share of positions at which both find the same token likeliest.
    package let sameTop: Double
    package let perplexity: Perplexity
    package let basePerplexity: Perplexity
}

extension ModelMeasurement {
    /// Both compute the same windows side by side. What llama.cpp's `llama-perplexity --kl-divergence` says, without
    /// its rounding of the base's logits to 16 bits.
    /// - Throws: as `perplexity`, and `.invalidParameter` when the two have different vocabularies.
    package func divergence(
        from base: ModelMeasurement, of text: TextWindows,
        progress: (_ done: Int, _ windows: Int, _ soFar: Double) -> Void = { _, _, _ in }
    ) throws(GenerationError) -> Divergence {
        guard base.vocabulary == vocabulary else {
            throw .invalidParameter(
                name: "base", reason: "has a vocabulary of \(base.vocabulary) tokens, the model one of \(vocabulary)")
        }
        var (own, others, divergence) = (RunningMean(), RunningMean(), RunningMean())
        var values: [Double] = []
        var sameTop = 0
        for (index, window) in text.windows.enumerated() {
            try TextWindows.eachScored(window, [self, base]) { (position, next, logits) throws(GenerationError) in
                own.add(-(try logProbability(of: next, in: logits[0], at: position)))
                others.add(-(try logProbability(of: next, in: logits[1], at: position)))
                let value = klDivergence(of: logits[0], from: logits[1])
                divergence.add(value)
                values.append(value)
                if likeliest(logits[0]) == likeliest(logits[1]) { sameTop += 1 }
            }
            progress(index + 1, text.count, divergence.mean.value)
        }
        values.sort()
        return Divergence(
            mean: divergence.mean, median: values[values.count / 2],
            percentile99: values[min(values.count - 1, values.count * 99 / 100)], largest: values[values.count - 1],
            sameTop: Double(sameTop) / Double(values.count), perplexity: own.perplexity(windows: text.count),
            basePerplexity: others.perplexity(windows: text.count))
    }

    private func likeliest(_ logits: UnsafeBufferPointer<Float>) -> Int {
        var best = 0
        for index in logits.indices where logits[index] > logits[best] { best = index }
        return best
    }
}

/// Σ p (ln p - ln q), p of `base` and q of `logits`. Not below zero, but for rounding.
func klDivergence(of logits: UnsafeBufferPointer<Float>, from base: UnsafeBufferPointer<Float>) -> Double {
    let logTotal = Double(lk_logsumexp(logits.baseAddress, logits.count))
    let baseLogTotal = Double(lk_logsumexp(base.baseAddress, base.count))
    var sum = 0.0
    for index in base.indices {
        let logProbability = Double(base[index]) - baseLogTotal
        // Less than this much of the mass tells nothing in double precision, and takes most of the time.
        guard logProbability > -40 else { continue }
        sum += exp(logProbability) * (logProbability - (Double(logits[index]) - logTotal))
    }
    return max(0, sum)
}
