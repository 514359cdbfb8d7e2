import Foundation
import Testing

@testable import LlamaEngine

@Suite struct SamplerTests {
    private let logits: [Float] = [0.5, 2, -1, 2, 1.5, -8, 0]

    private func next(_ options: Sampling, _ logits: [Float]) -> Generation.Token? {
        var sampler = Sampler(options)
        return logits.withUnsafeBufferPointer { sampler.next($0) }
    }

    private func draws(_ count: Int, _ options: Sampling) -> [Int32: Int] {
        var sampler = Sampler(options)
        var counts: [Int32: Int] = [:]
        logits.withUnsafeBufferPointer { logits in
            for _ in 0..<count { counts[sampler.next(logits)?.id ?? -1, default: 0] += 1 }
        }
        return counts
    }

    private var probabilities: [Double] {
        let weights = logits.map { exp(Double($0)) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    @Test("greedy takes the largest logit, of equals the lowest id")
    func greedy() {
        #expect(next(Sampling(), logits)?.id == 1)
    }

    @Test("a logit that is not a number is never chosen")
    func notANumber() {
        #expect(next(Sampling(), [.nan, 1, .nan, 3])?.id == 3)
        #expect(next(Sampling(temperature: 1, seed: 1), [.nan, -.infinity, 4])?.id == 2)
    }

    @Test("logits without a single number give no token", arguments: [0.0, 1.0])
    func allNaN(_ temperature: Double) {
        #expect(next(Sampling(temperature: temperature, seed: 1), [.nan, .nan]) == nil)
        #expect(next(Sampling(temperature: temperature, seed: 1), [.infinity, 0]) == nil)
    }

    @Test("tokens come as often as softmax says (20000 draws, seed 3, 4 standard deviations)")
    func distribution() {
        let counts = draws(20_000, Sampling(temperature: 1, seed: 3))
        for (id, probability) in probabilities.enumerated() {
            let deviation = (20_000 * probability * (1 - probability)).squareRoot()
            #expect(abs(Double(counts[Int32(id)] ?? 0) - 20_000 * probability) < 4 * deviation + 1, "token \(id)")
        }
    }

    @Test("temperature sharpens: at 0.5 probabilities go with their squares (20000 draws, seed 4)")
    func temperature() {
        let squares = probabilities.map { $0 * $0 }
        let wanted = squares[0] / squares.reduce(0, +)
        let got = Double(draws(20_000, Sampling(temperature: 0.5, seed: 4))[0] ?? 0) / 20_000
        #expect(abs(got - wanted) < 0.005)
    }

    @Test("top-k leaves the k likeliest", arguments: [(1, [1]), (2, [1, 3]), (3, [1, 3, 4])])
    func topK(_ topK: Int, _ wanted: [Int32]) {
        #expect(Set(draws(2000, Sampling(temperature: 2, topK: topK, seed: 5)).keys) == Set(wanted))
    }

    /// Probabilities: 1 and 3 have 0.332 each, 4 has 0.201, 0 has 0.074, 6 has 0.045.
    @Test(
        "top-p leaves the fewest tokens that reach p",
        arguments: [(1e-9, [1]), (0.3, [1]), (0.4, [1, 3]), (0.7, [1, 3, 4]), (0.9, [0, 1, 3, 4])])
    func topP(_ topP: Double, _ wanted: [Int32]) {
        #expect(Set(draws(4000, Sampling(temperature: 1, topP: topP, seed: 6)).keys) == Set(wanted))
    }

    @Test("top-p counts within what top-k left")
    func both() {
        // Of what 1, 3 and 4 weigh, the first two have 0.767.
        let both = draws(2000, Sampling(temperature: 1, topP: 0.75, topK: 3, seed: 7))
        #expect(Set(both.keys) == [1, 3])
    }

    @Test("the smallest and the largest temperature are finite", arguments: [5e-324, Sampling.temperatureMax])
    func extremes(_ temperature: Double) {
        let counts = draws(1000, Sampling(temperature: temperature, seed: 8))
        #expect(counts[-1] == nil)
        #expect(temperature > 1 || Set(counts.keys) == [1, 3])
    }

    @Test("the same seed draws the same tokens, another seed others")
    func seeds() {
        func tokens(_ seed: UInt64) -> [Int32?] {
            var sampler = Sampler(Sampling(temperature: 1, seed: seed))
            return logits.withUnsafeBufferPointer { logits in (0..<64).map { _ in sampler.next(logits)?.id } }
        }
        #expect(tokens(9) == tokens(9))
        #expect(tokens(9) != tokens(10))
    }

    @Test("logprobs are the logarithms of the model's own probabilities, whatever the temperature")
    func logprobs() throws {
        let token = try #require(next(Sampling(temperature: 0.1, topK: 1, seed: 1, topLogprobs: 3), logits))
        #expect(abs(Double(try #require(token.logprob)) - log(probabilities[1])) < 1e-6)
        #expect(token.top.map(\.id) == [1, 3, 4])
        for candidate in token.top {
            #expect(abs(Double(candidate.logprob) - log(probabilities[Int(candidate.id)])) < 1e-6)
        }
    }

    @Test("no logprobs unless asked for")
    func noLogprobs() {
        #expect(next(Sampling(), logits) == Generation.Token(id: 1))
    }

    @Test(
        "a value out of range is refused by the wire's name",
        arguments: [
            (Sampling(temperature: -1), "temperature"), (Sampling(temperature: .nan), "temperature"),
            (Sampling(temperature: 1e308), "temperature"), (Sampling(temperature: .infinity), "temperature"),
            (Sampling(topP: 0), "top_p"), (Sampling(topP: -1), "top_p"), (Sampling(topP: 2), "top_p"),
            (Sampling(topP: .nan), "top_p"), (Sampling(topK: -5), "top_k"), (Sampling(topK: 1 << 31), "top_k"),
            (Sampling(topLogprobs: -1), "top_logprobs"), (Sampling(topLogprobs: 21), "top_logprobs"),
        ])
    func outOfRange(_ sampling: Sampling, _ name: String) {
        let error = #expect(throws: GenerationError.self) { try sampling.validate() }
        #expect(error?.parameter == name)
        #expect(error?.description.hasPrefix("\(name) must be in") == true)
    }

    @Test("random numbers are those of SplitMix64")
    func splitMix() {
        // The published sequence for seed 1234567.
        var random = LlamaEngine.SplitMix64(seed: 1_234_567)
        #expect([random.next(), random.next()] == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973])
    }
}
