#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A mean over predictions, with one standard error of it.
package struct Mean: Sendable, Equatable {
    package let value: Double
    package let error: Double
}

/// How well a model predicts a text.
package struct Perplexity: Sendable, Equatable {
    /// exp of the mean negative log-likelihood, and one standard error.
    package let value: Double
    package let error: Double
    package let windows: Int
    /// Predictions that were scored.
    package let tokens: Int
}

extension ModelMeasurement {
    /// - Parameter progress: called after each window with how many there are and the perplexity so far.
    /// - Throws: `GenerationError.invalidParameter` for a window beyond the model's context, `.tokenOutOfRange`,
    ///   `.outOfMemory`, `.invalidLogits`.
    package func perplexity(
        of text: TextWindows, progress: (_ done: Int, _ windows: Int, _ soFar: Double) -> Void = { _, _, _ in }
    ) throws(GenerationError) -> Perplexity {
        var surprise = RunningMean()
        for (index, window) in text.windows.enumerated() {
            try TextWindows.eachScored(window, [self]) { (position, next, logits) throws(GenerationError) in
                surprise.add(-(try logProbability(of: next, in: logits[0], at: position)))
            }
            progress(index + 1, text.count, exp(surprise.mean.value))
        }
        return surprise.perplexity(windows: text.count)
    }
}

/// Sums of values and of their squares.
struct RunningMean {
    private(set) var count = 0
    private var sum = 0.0
    private var sumOfSquares = 0.0

    mutating func add(_ value: Double) {
        count += 1
        sum += value
        sumOfSquares += value * value
    }

    var mean: Mean {
        guard count > 0 else { return Mean(value: .nan, error: .nan) }
        let mean = sum / Double(count)
        let variance = sumOfSquares / Double(count) - mean * mean
        return Mean(value: mean, error: count > 1 && variance > 0 ? (variance / Double(count - 1)).squareRoot() : 0)
    }

    /// The perplexity from negative log-likelihoods.
    func perplexity(windows: Int) -> Perplexity {
        let mean = mean
        let value = exp(mean.value)
        return Perplexity(value: value, error: value * mean.error, windows: windows, tokens: count)
    }
}
