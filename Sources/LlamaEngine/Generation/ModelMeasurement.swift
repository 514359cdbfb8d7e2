import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Measures a model without an engine: how well it predicts a text, and how fast it reads and writes. One thread at a
/// time, and not one of Swift's cooperative threads: each call computes until it is done.
package final class ModelMeasurement {
    package struct Perplexity: Sendable, Equatable {
        /// exp of the mean negative log-likelihood.
        package let value: Double
        /// One standard error of `value`.
        package let error: Double
        package let windows: Int
        /// Predictions that were scored.
        package let tokens: Int
    }

    private let decoder: Decoder
    private let chunkTokens: Int

    /// - Parameter chunkTokens: tokens in one pass, as `Engine.Options.prefillTokensMax`.
    package init(model: Model, precision: Precision, threads: Int, chunkTokens: Int = 128) throws(EngineFailure) {
        decoder = Decoder(model: model, precision: precision, pool: try ThreadPool(threads: threads))
        self.chunkTokens = max(1, chunkTokens)
    }

    /// Perplexity by the convention of llama.cpp's llama-perplexity, so that its numbers compare: windows that do not
    /// overlap; in each, the tokens of the second half are predicted, but for the half's first. A rest shorter than a window
    /// is left out.
    /// - Parameters:
    ///   - tokens: the whole text's, with the beginning-of-sequence token in front if the tokenizer adds one.
    ///   - beginning: put in the place of each window's first token; nil for models whose tokenizer adds none.
    ///   - progress: called after each window with how many there are and the perplexity so far.
    /// - Throws: `GenerationError.invalidParameter` for less than one window or a window beyond the model's context,
    ///   `.tokenOutOfRange`, `.outOfMemory`, `.invalidLogits`.
    package func perplexity(
        of tokens: [Int32], windowTokens: Int = 512, beginning: Int32? = nil,
        progress: (_ done: Int, _ windows: Int, _ soFar: Double) -> Void = { _, _, _ in }
    ) throws(GenerationError) -> Perplexity {
        let context = decoder.model.configuration.contextTokens
        guard (4...max(4, context)).contains(windowTokens) else {
            throw .invalidParameter(name: "window_tokens", reason: "must be in 4...\(context), got \(windowTokens)")
        }
        guard tokens.count >= windowTokens else {
            throw .invalidParameter(
                name: "tokens", reason: "must be at least one window of \(windowTokens), got \(tokens.count)")
        }
        try checkRange(tokens + (beginning.map { [$0] } ?? []))
        var score = Score()
        let windows = tokens.count / windowTokens
        for window in 0..<windows {
            var part = Array(tokens[window * windowTokens..<(window + 1) * windowTokens])
            if let beginning { part[0] = beginning }
            try add(part, to: &score)
            progress(window + 1, windows, score.perplexity.value)
        }
        return Perplexity(
            value: score.perplexity.value, error: score.perplexity.error, windows: windows, tokens: score.count)
    }

    private func add(_ window: [Int32], to score: inout Score) throws(GenerationError) {
        let vocabulary = decoder.model.configuration.vocabulary
        let cache = decoder.makeCache()
        let firstScored = window.count / 2
        var start = 0
        while start < window.count - 1 {
            // A pass ends where scoring begins, so that logits are computed for scored rows alone.
            let bound = start < firstScored ? firstScored : window.count - 1
            let end = min(start + chunkTokens, bound)
            let isScored = start >= firstScored
            let logits = try decoder.run([
                Decoder.Segment(tokens: window[start..<end], cache: cache, logits: isScored ? .all : .none)
            ])
            if isScored {
                for position in start..<end {
                    let row = UnsafeBufferPointer(
                        rebasing: logits[(position - start) * vocabulary..<(position - start + 1) * vocabulary])
                    let logProbability = row[Int(window[position + 1])] - lk_logsumexp(row.baseAddress, vocabulary)
                    guard logProbability.isFinite else { throw .invalidLogits(position: position) }
                    score.add(-Double(logProbability))
                }
            }
            start = end
        }
    }

    /// Seconds to read a prompt of `tokens` tokens and give the logits of its last.
    package func prefillTime(tokens: Int) throws(GenerationError) -> Duration {
        try requireContext(tokens)
        let prompt = sampleTokens(tokens)
        let cache = decoder.makeCache()
        let start = ContinuousClock.now
        try read(prompt, into: cache)
        return .now - start
    }

    /// Seconds to write `tokens` tokens, one by one, after a context of `contextTokens`, which is not timed.
    package func decodeTime(tokens: Int, contextTokens: Int = 0) throws(GenerationError) -> Duration {
        try requireContext(tokens)
        try requireContext(contextTokens)
        try requireContext(tokens + contextTokens)
        let cache = decoder.makeCache()
        if contextTokens > 0 { try read(sampleTokens(contextTokens), into: cache) }
        let written = sampleTokens(tokens)
        let start = ContinuousClock.now
        for index in written.indices {
            _ = try decoder.run([Decoder.Segment(tokens: written[index...index], cache: cache, logits: .last)])
        }
        return .now - start
    }

    private func read(_ prompt: [Int32], into cache: KVCache) throws(GenerationError) {
        var start = 0
        while start < prompt.count {
            let end = min(start + chunkTokens, prompt.count)
            _ = try decoder.run([
                Decoder.Segment(
                    tokens: prompt[start..<end], cache: cache, logits: end == prompt.count ? .last : .none)
            ])
            start = end
        }
    }

    /// Tokens from all over the vocabulary, always the same.
    private func sampleTokens(_ count: Int) -> [Int32] {
        var random = SplitMix64(seed: 1)
        return (0..<count).map { _ in
            Int32.random(in: 0..<Int32(decoder.model.configuration.vocabulary), using: &random)
        }
    }

    private func requireContext(_ tokens: Int) throws(GenerationError) {
        let context = decoder.model.configuration.contextTokens
        guard (0...context).contains(tokens) else {
            throw .invalidParameter(name: "tokens", reason: "must be in 0...\(context), got \(tokens)")
        }
    }

    private func checkRange(_ tokens: [Int32]) throws(GenerationError) {
        let vocabulary = decoder.model.configuration.vocabulary
        if let index = tokens.firstIndex(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw .tokenOutOfRange(id: tokens[index], index: index, vocabulary: vocabulary)
        }
    }
}

/// Sums of negative log-likelihoods and of their squares.
private struct Score {
    private(set) var count = 0
    private var sum = 0.0
    private var sumOfSquares = 0.0

    mutating func add(_ value: Double) {
        count += 1
        sum += value
        sumOfSquares += value * value
    }

    var perplexity: (value: Double, error: Double) {
        guard count > 0 else { return (.nan, .nan) }
        let mean = sum / Double(count)
        let variance = sumOfSquares / Double(count) - mean * mean
        let value = exp(mean)
        return (value, count > 1 && variance > 0 ? value * (variance / Double(count - 1)).squareRoot() : 0)
    }
}
