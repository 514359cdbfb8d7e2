import ProviderKit

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A candidate as a filter sees it.
package struct ScoredPlace: Sendable, Equatable {
    /// Its place among all that were written for the prompt, those that were left out before counted too.
    package let candidate: Int
    /// Finite.
    package let score: Double

    package init(candidate: Int, score: Double) { (self.candidate, self.score) = (candidate, score) }
}

/// Which candidates of a prompt are kept. A function of its arguments alone.
package struct CandidateFilter: Sendable {
    package let function: FilteringFunction
    package let settings: ScoringSettings

    package init(_ function: FilteringFunction, _ settings: ScoringSettings) {
        (self.function, self.settings) = (function, settings)
    }

    /// - Parameter candidates: of one prompt, in the order of their places.
    /// - Returns: those that are kept, in the same order. Of equals, the earlier counts as the better.
    package func keep(_ candidates: [ScoredPlace], prompt: Int) -> [ScoredPlace] {
        let draws = Draws(seed: settings.seed)
        guard function != .sigmoid else {
            return candidates.filter { draws.unit(prompt: prompt, candidate: $0.candidate) < probability($0.score) }
        }
        let left = settings.threshold.map { least in candidates.filter { $0.score >= least } } ?? candidates
        let chosen: ArraySlice<ScoredPlace>
        switch function {
        case .none, .sigmoid: return left
        case .random:
            let drawn = left.map { ($0, draws.unit(prompt: prompt, candidate: $0.candidate)) }
            chosen = drawn.sorted { ($0.1, $0.0.candidate) < ($1.1, $1.0.candidate) }.map(\.0).prefix(settings.k)
        case .topK: chosen = Self.best(left).prefix(settings.k)
        case .topP: chosen = holding(Self.best(left)[...])
        case .topKTopP: chosen = holding(Self.best(left).prefix(settings.k))
        }
        return chosen.sorted { $0.candidate < $1.candidate }
    }

    private static func best(_ candidates: [ScoredPlace]) -> [ScoredPlace] {
        candidates.sorted { ($1.score, $0.candidate) < ($0.score, $1.candidate) }
    }

    /// The shortest beginning that holds the share `p` of softmax(score / temperature); one at least.
    private func holding(_ falling: ArraySlice<ScoredPlace>) -> ArraySlice<ScoredPlace> {
        // The whole mass is held by all: sums that round must not leave any out.
        guard let largest = falling.first?.score, settings.p < 1 else { return falling }
        let weights = falling.map { exp(($0.score - largest) / settings.temperature) }
        let wanted = settings.p * weights.reduce(0, +)
        var mass = 0.0
        for (count, weight) in weights.enumerated() {
            mass += weight
            if mass >= wanted { return falling.prefix(count + 1) }
        }
        return falling
    }

    private func probability(_ score: Double) -> Double {
        1 / (1 + exp(-(score - (settings.threshold ?? 0)) / settings.temperature))
    }
}
