#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The clock that times are read from.
package enum MeasuringClock: String, Sendable, CaseIterable {
    case wall
    /// The CPU time of this process: with one thread, what it would take on an idle machine, whatever else runs.
    case processor

    var reading: Duration {
        var time = timespec()
        clock_gettime(self == .wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

/// Prefill and decode as llama.cpp's llama-bench and llama-batched-bench time them: tokens from all over the
/// vocabulary, no sampling.
extension ModelMeasurement {
    /// Sequences that have read a prompt, to be continued from there again and again.
    package struct Sequences {
        fileprivate let caches: [KVCache]
        fileprivate let depth: Int
    }

    /// The time to read a prompt of `tokens` tokens and give the logits of its last.
    /// - Throws: `GenerationError.invalidParameter` beyond the model's context, `.outOfMemory`.
    package func prefillTime(tokens: Int) throws(GenerationError) -> Duration {
        try requireContext(tokens)
        let prompt = sampleTokens(tokens, seed: 1)
        let cache = decoder.makeCache()
        let start = clock.reading
        try read(prompt, into: cache)
        return clock.reading - start
    }

    /// `count` sequences with a context of `depth` tokens each.
    /// - Throws: as `prefillTime`.
    package func sequences(_ count: Int, depth: Int) throws(GenerationError) -> Sequences {
        try requireContext(depth)
        var caches: [KVCache] = []
        for index in 0..<count {
            let cache = decoder.makeCache()
            if depth > 0 { try read(sampleTokens(depth, seed: UInt64(index + 1)), into: cache) }
            caches.append(cache)
        }
        return Sequences(caches: caches, depth: depth)
    }

    /// The time to write `tokens` tokens in each of the sequences: each pass computes one of each. They forget them
    /// again.
    /// - Throws: as `prefillTime`.
    package func decodeTime(tokens: Int, in sequences: Sequences) throws(GenerationError) -> Duration {
        try requireContext(sequences.depth + tokens)
        let written = sequences.caches.indices.map { sampleTokens(tokens, seed: UInt64(1000 + $0)) }
        let start = clock.reading
        for index in 0..<tokens {
            var pass: [Decoder.Segment] = []
            for (cache, tokens) in zip(sequences.caches, written) {
                pass.append(Decoder.Segment(tokens: tokens[index...index], cache: cache, logits: .last))
            }
            _ = try run(pass)
        }
        let time = clock.reading - start
        for cache in sequences.caches { cache.truncate(to: sequences.depth) }
        return time
    }

    private func read(_ prompt: [Int32], into cache: KVCache) throws(GenerationError) {
        var start = 0
        while start < prompt.count {
            let end = min(start + chunkTokens, prompt.count)
            _ = try run([
                Decoder.Segment(
                    tokens: prompt[start..<end], cache: cache, logits: end == prompt.count ? .last : .none)
            ])
            start = end
        }
    }

    /// Always the same ones for a seed.
    private func sampleTokens(_ count: Int, seed: UInt64) -> [Int32] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
    }

    private func requireContext(_ tokens: Int) throws(GenerationError) {
        guard (0...contextTokens).contains(tokens) else {
            throw .invalidParameter(name: "tokens", reason: "must be in 0...\(contextTokens), got \(tokens)")
        }
    }
}
