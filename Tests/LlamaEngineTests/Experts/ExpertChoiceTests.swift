import Foundation
import Testing

@testable import LlamaEngine

@Suite("A router's choice") struct ExpertChoiceTests {
    private func choose(
        _ used: Int, _ scores: [Float], normalises: Bool = false
    ) -> (experts: [Int32], weights: [Float]) {
        var (scores, experts, weights) = (
            scores, [Int32](repeating: -1, count: used), [Float](repeating: -1, count: used)
        )
        ExpertChoice.choose(
            used, of: scores.count, scores: &scores, normalises: normalises, experts: &experts, weights: &weights)
        return (experts, weights)
    }

    @Test("is that of a sort of the probabilities, in the order of the experts, whatever the sizes")
    func sorting() {
        var random = LlamaEngine.SplitMix64(seed: 5)
        for count in [1, 2, 3, 8, 31, 60, 128, 257] {
            for used in Set([1, 2, 3, 8, count]) where used <= count {
                let scores = (0..<count).map { _ in Float.random(in: -4...4, using: &random) }
                let largest = scores.max() ?? 0
                let powers = scores.map { Foundation.exp(Double($0 - largest)) }
                let sum = powers.reduce(0, +)
                let wanted = (0..<count).sorted { scores[$0] > scores[$1] }.prefix(used).sorted()
                let (experts, weights) = choose(used, scores)
                #expect(experts.map(Int.init) == wanted, "\(used) of \(count)")
                for (expert, weight) in zip(experts, weights) {
                    #expect(abs(Double(weight) - powers[Int(expert)] / sum) < 1e-6)
                }
                let normalised = choose(used, scores, normalises: true)
                let share = wanted.reduce(0) { $0 + powers[$1] }
                #expect(normalised.experts == experts)
                for (expert, weight) in zip(experts, normalised.weights) {
                    #expect(abs(Double(weight) - powers[Int(expert)] / share) < 1e-6)
                }
            }
        }
    }

    @Test("takes the first of experts that are equally likely")
    func ties() {
        #expect(choose(2, [1, 3, 3, 3]).experts == [1, 2])
        #expect(choose(3, [3, 3, 1, 3, 3, 0]).experts == [0, 1, 3])
        #expect(choose(2, [Float](repeating: 0, count: 8)).experts == [0, 1])
        #expect(choose(1, [-0.0, 0.0]).experts == [0])
        let (experts, weights) = choose(4, [2, 2, 2, 2], normalises: true)
        #expect(experts == [0, 1, 2, 3] && weights == [0.25, 0.25, 0.25, 0.25])
    }

    @Test(
        "of what is no number is experts that there are, each once, with weights that are no numbers",
        arguments: [
            [.nan, 1, 2, 3], [1, .nan, 2, 3], [.nan, .nan, .nan, .nan], [.infinity, 1, .infinity, 0],
            [-.infinity, -.infinity, -.infinity, -.infinity],
        ] as [[Float]])
    func notNumbers(_ scores: [Float]) {
        for used in 1...4 {
            let (experts, weights) = choose(used, scores, normalises: true)
            #expect(Set(experts).count == used && experts.allSatisfy { (0..<4).contains($0) }, "\(experts)")
            #expect(weights.allSatisfy { $0.isNaN }, "\(weights)")
        }
    }
}
