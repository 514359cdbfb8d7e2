import CKernels
import Foundation
import ModelFixtures
import Testing

@testable import LlamaEngine

/// The obvious loops: every weight by itself, all of them sorted, one sum after another.
private struct PlainSampler {
    private struct Weighted {
        let id: Int32
        let weight: Float
    }

    let options: Sampling
    var random: SplitMix64
    private var kept: [Weighted] = []
    private var dropped = 0.0

    init(_ options: Sampling, seed: UInt64) {
        self.options = options
        random = SplitMix64(seed: seed)
    }

    mutating func draw(_ logits: [Float]) -> Int32 {
        let largest = logits.max { $0 < $1 || $0.isNaN } ?? 0
        let scale = Float(min(1 / options.temperature, 1e30))
        let least = Float(options.minP)
        let weigh = { (logit: Float) in
            let exponent = (logit - largest) * scale
            let weight = exponent > -30 ? expf(exponent) : 0
            return weight >= least ? weight : 0
        }
        keepAll(logits, weigh)
        if options.topP < 1 { keepWorthSorting() }
        return drawFromKept()
    }

    private mutating func keepAll(_ logits: [Float], _ weigh: (Float) -> Float) {
        kept.removeAll(keepingCapacity: true)
        for id in logits.indices {
            let weight = weigh(logits[id])
            if weight > 0 { kept.append(Weighted(id: Int32(id), weight: weight)) }
        }
    }

    /// A token less likely than (1 - topP) / count cannot be needed to reach topP, since all such tokens together weigh
    /// less than 1 - topP. Dropping them first leaves few to sort; their weight still counts towards the total.
    private mutating func keepWorthSorting() {
        let total = kept.reduce(0) { $0 + Double($1.weight) }
        let least = Float((1 - options.topP) * total / Double(kept.count))
        dropped = 0
        kept.removeAll { candidate in
            let drop = candidate.weight < least
            if drop { dropped += Double(candidate.weight) }
            return drop
        }
        kept.sort(by: Self.likelier)
    }

    private mutating func drawFromKept() -> Int32 {
        var total = kept.reduce(0) { $0 + Double($1.weight) }
        var count = kept.count
        if options.topP < 1 {
            let wanted = options.topP * (total + dropped)
            dropped = 0
            total = 0
            for (index, candidate) in kept.enumerated() {
                total += Double(candidate.weight)
                if total >= wanted {
                    count = index + 1
                    break
                }
            }
        }
        var left = random.nextUnit() * total
        for candidate in kept.prefix(count) {
            left -= Double(candidate.weight)
            if left < 0 { return candidate.id }
        }
        return kept[count - 1].id
    }

    private static func likelier(_ a: Weighted, _ b: Weighted) -> Bool {
        a.weight != b.weight ? a.weight > b.weight : a.id < b.id
    }
}

/// Draws from a whole vocabulary.
@Suite struct WholeVocabularyTests {
    /// Logits of a real model's shape: most are unlikely, some are equal, some are impossible.
    private static func logits(_ count: Int, deviation: Double, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { id in
            if id % 97 == 5 { return -.infinity }
            if id % 1_009 == 7 { return .nan }
            if id % 11 == 3 { return 1 }
            let sum = (0..<6).reduce(0.0) { sum, _ in sum + random.nextUnit() }
            return Float((sum - 3) * deviation)
        }
    }

    @Test(
        "a draw is the one of the obvious loops",
        arguments: [
            (1.0, 1.0, 0.0), (0.7, 0.9, 0.0), (1.3, 0.95, 0.02), (1.0, 1.0, 0.05), (2.0, 0.5, 0.0), (0.2, 0.999, 0),
        ])
    func sameDraws(temperature: Double, topP: Double, minP: Double) {
        for (count, deviation) in [(49_152, 4.0), (49_149, 1.0), (7_777, 0.1), (19, 2.0), (1, 1.0)] {
            let logits = Self.logits(count, deviation: deviation, seed: UInt64(count))
            guard logits.contains(where: \.isFinite) else { continue }
            for seed in UInt64(1)...12 {
                var options = Sampling(temperature: temperature, topP: topP, seed: seed)
                options.minP = minP
                var sampler = Sampler(options)
                var plain = PlainSampler(options, seed: seed)
                for _ in 0..<3 {
                    let drawn = logits.withUnsafeBufferPointer { sampler.next($0)?.id }
                    #expect(drawn == plain.draw(logits), "\(count) tokens, seed \(seed)")
                }
            }
        }
    }

    @Test("weights are those of the obvious loop, to the bit", arguments: [0, 1, 7, 8, 16, 17, 1_000, 49_152])
    func weights(count: Int) {
        let logits = Self.logits(count, deviation: 5, seed: 3)
        for (scale, least) in [(Float(1), Float(0)), (0.4, 0), (3, 0.01)] {
            var (fast, plain) = ([Float](repeating: 9, count: count), [Float](repeating: 9, count: count))
            var (fastCount, plainCount) = (0, 0)
            let largest = logits.filter(\.isFinite).max() ?? 0
            let sum = lk_sample_weights(logits, count, largest, scale, least, &fast, &fastCount)
            let plainSum = lk_sample_weights_plain(logits, count, largest, scale, least, &plain, &plainCount)
            #expect(sum.bitPattern == plainSum.bitPattern)
            #expect(fast.map(\.bitPattern) == plain.map(\.bitPattern))
            #expect(fastCount == plainCount)
            var (places, plainPlaces) = (
                [Int32](repeating: -1, count: count + 16), [Int32](repeating: -1, count: count + 16)
            )
            let kept = lk_sample_keep(fast, count, 1e-3, &places)
            #expect(kept == lk_sample_keep_plain(plain, count, 1e-3, &plainPlaces))
            #expect(places[..<kept] == plainPlaces[..<kept])
        }
    }
}
