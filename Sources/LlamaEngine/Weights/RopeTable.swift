import Checkpoints

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The frequencies of rotary position embedding, ready to give the angles of any position.
package struct RopeTable: Sendable {
    /// Radians per position, one for each pair: [dimension / 2].
    package let frequencies: [Float]
    private let magnitude: Double

    /// - Parameter divisors: what each frequency is divided by on top of `configuration.scaling`; [dimension / 2] when
    ///   given. Checkpoints of Llama 3.1 and later carry their scaling this way (`rope_freqs.weight`).
    package init(_ configuration: RopeConfiguration, divisors: [Float]? = nil) {
        let pairs = configuration.dimension / 2
        frequencies = (0..<pairs).map { pair in
            let exponent = Double(2 * pair) / Double(configuration.dimension)
            let plain = 1 / pow(configuration.theta, exponent)
            let scaled = Self.scaled(plain, pair: pair, configuration)
            return Float(scaled / Double(divisors?[pair] ?? 1))
        }
        if case .yarn(_, _, _, _, let magnitude, _) = configuration.scaling {
            self.magnitude = magnitude
        } else {
            magnitude = 1
        }
    }

    /// Writes the cosines and sines of one position, each [dimension / 2].
    package func fill(position: Int, cosines: UnsafeMutablePointer<Float>, sines: UnsafeMutablePointer<Float>) {
        for (pair, frequency) in frequencies.enumerated() {
            // The product is rounded to f32 as in the reference implementations: at position 8000 it matters.
            let angle = Double(Float(position) * frequency)
            cosines[pair] = Float(cos(angle) * magnitude)
            sines[pair] = Float(sin(angle) * magnitude)
        }
    }

    private static func scaled(_ frequency: Double, pair: Int, _ configuration: RopeConfiguration) -> Double {
        switch configuration.scaling {
        case .none:
            return frequency
        case .linear(let factor):
            return frequency / factor
        case .llama3(let factor, let low, let high, let originalContext):
            let turns = originalContext * frequency / (2 * .pi)
            if turns < low { return frequency / factor }
            if turns > high { return frequency }
            let blend = (turns - low) / (high - low)
            return (1 - blend) * frequency / factor + blend * frequency
        case .yarn(let factor, let originalContext, let betaFast, let betaSlow, _, let extrapolation):
            // The pair whose wave turns `turns` times within the original context.
            let pairTurning = { (turns: Double) in
                Double(configuration.dimension) * log(originalContext / (turns * 2 * .pi))
                    / (2 * log(configuration.theta))
            }
            let first = max(0, pairTurning(betaFast).rounded(.down))
            let last = min(Double(configuration.dimension - 1), pairTurning(betaSlow).rounded(.up))
            let ramp = min(1, max(0, (Double(pair) - first) / max(0.001, last - first)))
            let kept = (1 - ramp) * extrapolation
            return frequency / factor * (1 - kept) + frequency * kept
        }
    }
}
