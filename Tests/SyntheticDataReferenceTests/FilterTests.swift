import Foundation
import ProviderKit
import Testing

@testable import SyntheticDataReference

/// The filters as functions: against Scripts/reference/make_synthetic_filters.py, and against what is known of them.
struct FilterTests {
    private struct Reference: Decodable {
        struct Unit: Decodable {
            let seed, prompt, candidate: Int
            let unit: Double
        }
        struct Settings: Decodable {
            let k, seed: Int?
            let p, temperature, threshold: Double?
        }
        struct Case: Decodable {
            let function: String
            let prompt: Int
            let places: [Int]
            let scores: [Double]
            let settings: Settings
            let kept: [Int]
        }
        struct Summary: Decodable {
            let scores: [Double]
            let minimum, lower_quartile, median, upper_quartile, maximum, mean: Double
        }
        let units: [Unit]
        let cases: [Case]
        let summaries: [Summary]
    }

    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/synthetic-data/filters.json")

    private func reference() throws -> Reference {
        try JSONDecoder().decode(Reference.self, from: Data(contentsOf: Self.file))
    }

    private func keep(
        _ function: FilteringFunction, _ scores: [Double], _ settings: ScoringSettings = ScoringSettings(),
        prompt: Int = 0
    ) -> [Int] {
        let places = scores.enumerated().map { ScoredPlace(candidate: $0.offset, score: $0.element) }
        return CandidateFilter(function, settings).keep(places, prompt: prompt).map(\.candidate)
    }

    @Test func `draws are those of the reference`() throws {
        for wanted in try reference().units {
            #expect(Draws(seed: wanted.seed).unit(prompt: wanted.prompt, candidate: wanted.candidate) == wanted.unit)
        }
    }

    @Test func `each filter keeps what the reference keeps`() throws {
        let cases = try reference().cases
        #expect(cases.count > 100)
        for (index, wanted) in cases.enumerated() {
            let settings = ScoringSettings(
                k: wanted.settings.k ?? 1, p: wanted.settings.p ?? 0.9, temperature: wanted.settings.temperature ?? 1,
                threshold: wanted.settings.threshold, seed: wanted.settings.seed ?? 0)
            let function = try #require(FilteringFunction(rawValue: wanted.function))
            let places = zip(wanted.places, wanted.scores).map { ScoredPlace(candidate: $0, score: $1) }
            let kept = CandidateFilter(function, settings).keep(places, prompt: wanted.prompt)
            #expect(kept.map(\.candidate) == wanted.kept, "case \(index): \(wanted.function)")
        }
    }

    @Test func `of equals the earlier is better`() {
        #expect(keep(.topK, [1, 2, 2, 2], ScoringSettings(k: 2)) == [1, 2])
        #expect(keep(.topP, [1, 1, 1, 1], ScoringSettings(p: 0.5)) == [0, 1])
        #expect(keep(.topKTopP, [0, 0, 0], ScoringSettings(k: 2, p: 1)) == [0, 1])
    }

    @Test func `top_p keeps one at least, and what is equally likely by its share`() {
        #expect(keep(.topP, [3, 1], ScoringSettings(p: 1e-300)) == [0])
        // e / (e + 1) is 0.731.
        #expect(keep(.topP, [1, 0], ScoringSettings(p: 0.73)) == [0])
        #expect(keep(.topP, [1, 0], ScoringSettings(p: 0.732)) == [0, 1])
        #expect(keep(.topP, [0, 1], ScoringSettings(p: 0.999, temperature: 1e-300)) == [1])
        #expect(keep(.topP, [0, 1], ScoringSettings(p: 0.51, temperature: 1e300)) == [0, 1])
    }

    @Test func `top_k_top_p measures p by what top_k has left`() {
        // Of all three the best holds 0.665, of the first two 0.731.
        let scores = [2.0, 1, 0]
        #expect(keep(.topP, scores, ScoringSettings(p: 0.7)) == [0, 1])
        #expect(keep(.topKTopP, scores, ScoringSettings(k: 2, p: 0.7)) == [0])
    }

    @Test func `a threshold drops what scores less, before the others choose`() {
        let scores = [0.1, 0.5, 0.9]
        for function in [FilteringFunction.none, .topK, .random] {
            #expect(keep(function, scores, ScoringSettings(k: 9, threshold: 0.5)) == [1, 2])
            #expect(keep(function, scores, ScoringSettings(k: 9, threshold: 1)) == [])
        }
    }

    @Test func `random takes k of them, each equally often, whatever their scores`() {
        var counts = [0, 0, 0, 0]
        for seed in 0..<2_000 {
            let kept = keep(.random, [9, 1, 1, 1], ScoringSettings(k: 2, seed: seed))
            #expect(kept.count == 2)
            for place in kept { counts[place] += 1 }
        }
        // Half of 2,000, and five standard deviations.
        for count in counts { #expect(abs(count - 1_000) < 112) }
    }

    @Test func `sigmoid keeps each by its score's probability`() {
        for (score, settings, probability) in [
            (0.0, ScoringSettings(), 0.5), (2, ScoringSettings(), 0.8808),
            (-1, ScoringSettings(temperature: 2), 0.3775),
            (3, ScoringSettings(threshold: 3), 0.5), (1000, ScoringSettings(temperature: 1e-9), 1),
            (-1000, ScoringSettings(temperature: 1e-9), 0),
        ] {
            let kept = keep(.sigmoid, Array(repeating: score, count: 4_000), settings, prompt: 3).count
            let deviation = (4_000 * probability * (1 - probability)).squareRoot()
            #expect(abs(Double(kept) - 4_000 * probability) <= 5 * deviation, "\(score): \(kept)")
        }
    }

    @Test func `a draw depends on seed, prompt and place alone`() {
        let scores = (0..<64).map { Double($0 % 5) - 2 }
        let all = keep(.sigmoid, scores, ScoringSettings(seed: 4), prompt: 2)
        let places = [3, 17, 40].map { ScoredPlace(candidate: $0, score: scores[$0]) }
        let some = CandidateFilter(.sigmoid, ScoringSettings(seed: 4)).keep(places, prompt: 2).map(\.candidate)
        #expect(some == all.filter { [3, 17, 40].contains($0) })
        #expect(keep(.sigmoid, scores, ScoringSettings(seed: 4), prompt: 3) != all)
        #expect(keep(.sigmoid, scores, ScoringSettings(seed: 5), prompt: 2) != all)
    }

    @Test func `candidates that are all equal, one and none are kept as they should be`() {
        for function in FilteringFunction.allCases where function != .sigmoid {
            #expect(keep(function, []) == [])
            #expect(keep(function, [-5]) == [0])
        }
        let equal = Array(repeating: 0.25, count: 8)
        #expect(keep(.none, equal).count == 8 && keep(.topK, equal) == [0] && keep(.random, equal).count == 1)
        #expect(keep(.topP, equal).count == 8 && keep(.topKTopP, equal, ScoringSettings(k: 4)).count == 4)
    }

    @Test func `scores are summed up as the reference does`() throws {
        for wanted in try reference().summaries {
            let summary = try #require(ScoreSummary(wanted.scores))
            let pairs = [
                (summary.minimum, wanted.minimum), (summary.lowerQuartile, wanted.lower_quartile),
                (summary.median, wanted.median), (summary.upperQuartile, wanted.upper_quartile),
                (summary.maximum, wanted.maximum), (summary.mean, wanted.mean),
            ]
            for (got, wanted) in pairs { #expect(abs(got - wanted) < 1e-12) }
            #expect(summary.histogram.reduce(0, +) == wanted.scores.count)
        }
        #expect(ScoreSummary([]) == nil)
        #expect(ScoreSummary([2, 2, 2])?.histogram == [3])
        #expect(ScoreSummary([0, 1, 9.99, 10])?.histogram == [1, 1, 0, 0, 0, 0, 0, 0, 0, 2])
    }
}
