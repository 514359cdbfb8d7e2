import Foundation
import Testing

@testable import LlamaEngine

/// Penalties and biases beside a plain reference.
struct LogitAdjustmentTests {
    /// Each of a token's changes, worked out from the whole text every time.
    private func reference(_ logits: [Float], _ options: Sampling, prompt: [Int32], answer: [Int32]) -> [Float] {
        logits.enumerated().map { id, logit in
            let token = Int32(id)
            var logit = logit
            if prompt.contains(token) || answer.contains(token) {
                let penalty = Float(options.repetitionPenalty)
                logit = logit > 0 ? logit / penalty : logit * penalty
            }
            let count = answer.count { $0 == token }
            if count > 0 {
                logit -= Float(options.presencePenalty) + Float(options.frequencyPenalty) * Float(count)
            }
            return logit + (options.logitBias[token] ?? 0)
        }
    }

    @Test("greedy answers are those of the reference, whatever is set (200 answers, seed 11)")
    func greedy() {
        var random = SplitMix64(seed: 11)
        for round in 0..<200 {
            var options = Sampling()
            options.presencePenalty = random.nextUnit() * 4 - 2
            options.frequencyPenalty = random.nextUnit() * 4 - 2
            options.repetitionPenalty = round % 3 == 0 ? 1 : random.nextUnit() * 2 + 0.1
            if round % 2 == 0 { options.logitBias = [3: Float(random.nextUnit() * 8 - 4), 5: -100] }
            let prompt = (0..<4).map { _ in Int32(random.next() % 12) }
            var sampler = Sampler(options, prompt: prompt)
            var answer: [Int32] = []
            for _ in 0..<20 {
                let logits = (0..<12).map { _ in Float(random.nextUnit() * 6 - 3) }
                let wanted = reference(logits, options, prompt: prompt, answer: answer)
                let best = wanted.indices.max { wanted[$0] < wanted[$1] } ?? 0
                let token = logits.withUnsafeBufferPointer { sampler.next($0) }
                #expect(token?.id == Int32(best), "round \(round)")
                answer.append(Int32(best))
            }
        }
    }

    @Test("log probabilities stay those of the model")
    func logprobs() throws {
        var plain = Sampling(topLogprobs: 2)
        let logits: [Float] = [1, 3, 2]
        var sampler = Sampler(plain)
        let before = try #require(logits.withUnsafeBufferPointer { sampler.next($0) })
        plain.logitBias = [2: 50]
        sampler = Sampler(plain)
        let after = try #require(logits.withUnsafeBufferPointer { sampler.next($0) })
        #expect(before.id == 1 && after.id == 2)
        #expect(before.top == after.top)
        #expect(after.logprob == before.top[1].logprob)
    }

    @Test("min_p leaves out what is less likely than its share of the likeliest (5000 draws, seed 2)")
    func minP() {
        var options = Sampling(temperature: 1, seed: 2)
        options.minP = 0.3
        // Shares of the likeliest: 1, 0.5, 0.29.
        let logits: [Float] = [0, Float(log(0.5)), Float(log(0.29))]
        var sampler = Sampler(options)
        var counts: [Int32: Int] = [:]
        for _ in 0..<5000 {
            counts[logits.withUnsafeBufferPointer { sampler.next($0) }?.id ?? -1, default: 0] += 1
        }
        #expect(Set(counts.keys) == [0, 1])
        let share = Double(counts[1] ?? 0) / 5000
        #expect((0.30...0.37).contains(share))
    }

    @Test("a token whose bias is minus infinity never comes")
    func banned() {
        var options = Sampling(temperature: 1, seed: 2)
        options.logitBias = [0: -.infinity]
        var sampler = Sampler(options)
        let logits: [Float] = [9, 0, 0]
        for _ in 0..<200 { #expect(logits.withUnsafeBufferPointer { sampler.next($0) }?.id != 0) }
    }

    @Test(
        "a value out of its range is refused by its name",
        arguments: ["presence_penalty", "frequency_penalty", "repetition_penalty", "min_p"])
    func ranges(name: String) {
        var options = Sampling()
        switch name {
        case "presence_penalty": options.presencePenalty = 2.1
        case "frequency_penalty": options.frequencyPenalty = -2.1
        case "repetition_penalty": options.repetitionPenalty = 0
        default: options.minP = .nan
        }
        let error = #expect(throws: GenerationError.self) { try options.validate() }
        #expect(error?.parameter == name)
    }
}
