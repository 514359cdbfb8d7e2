import Parallel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Adam (Kingma and Ba 2014, arXiv:1412.6980), AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101) and gradient
/// descent, as torch defines them.
///
/// For each number p with gradient g, rate η, decay λ, step t from 1:
///
///     adam:  g += λ p;  adamw: p *= 1 - η λ
///     m += (1 - β₁)(g - m);  v = β₂ v + (1 - β₂) g²
///     p -= η / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)
///     sgd:   p -= η (g + λ p)
struct UpdateRule {
    let kind: TrainingSettings.Optimiser
    let weightDecay: Double

    private static let betas = (0.9, 0.999)
    private static let epsilon: Float = 1e-8
    /// Numbers of a piece, the unit in which threads share an update and in which sums are made: so a sum does not
    /// depend on the number of threads.
    private static let piece = 1 << 14

    init(_ settings: TrainingSettings) {
        kind = settings.optimiser
        weightDecay = settings.weightDecay
    }

    var hasMoments: Bool { kind != .sgd }

    /// The global norm of all gradients.
    static func norm(_ parameters: [Parameter], pool: ThreadPool) -> Double {
        let sums = parameters.map { parameter in
            sum(over: parameter.count, pool: pool) { range in
                let gradient = parameter.gradient
                // Several sums, or each addition waits for the one before it.
                var lanes = SIMD8<Double>(repeating: 0)
                let end = range.lowerBound + range.count / 8 * 8
                for start in stride(from: range.lowerBound, to: end, by: 8) {
                    let values = UnsafeRawPointer(gradient + start).loadUnaligned(as: SIMD8<Float>.self)
                    let wide = SIMD8<Double>(values)
                    lanes += wide * wide
                }
                var sum = lanes.sum()
                for index in end..<range.upperBound { sum += Double(gradient[index]) * Double(gradient[index]) }
                return sum
            }
        }
        return sums.reduce(0, +).squareRoot()
    }

    /// Whether all values of all parameters are finite.
    static func areFinite(_ parameters: [Parameter], pool: ThreadPool) -> Bool {
        let sums = parameters.map { parameter in
            sum(over: parameter.stored, pool: pool) { range in
                let values = parameter.values
                // 0 for what is finite, NaN otherwise.
                var lanes = SIMD16<Float>(repeating: 0)
                let end = range.lowerBound + range.count / 16 * 16
                for start in stride(from: range.lowerBound, to: end, by: 16) {
                    lanes += UnsafeRawPointer(values + start).loadUnaligned(as: SIMD16<Float>.self) * 0
                }
                var sum = lanes.sum()
                for index in end..<range.upperBound { sum += values[index] * 0 }
                return Double(sum)
            }
        }
        return sums.reduce(0, +) == 0
    }

    private static func sum(over count: Int, pool: ThreadPool, _ body: (Range<Int>) -> Double) -> Double {
        let pieces = (count + piece - 1) / piece
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, pieces)) { sums in
            pool.run(chunks: pieces) { _, chunk in
                sums[chunk] = body(chunk * piece..<min(count, (chunk + 1) * piece))
            }
            return sums[..<pieces].reduce(0, +)
        }
    }

    /// Updates all parameters, with gradients times `factor`. `step` is from 1.
    func update(_ parameters: [Parameter], step: Int, rate: Double, factor: Float, pool: ThreadPool) {
        for parameter in parameters {
            let decay = parameter.isMatrix ? weightDecay : 0
            let change = Change(self, step: step, rate: rate, decay: decay, factor: factor)
            switch parameter.layout {
            case .rows:
                let pieces = (parameter.count + Self.piece - 1) / Self.piece
                pool.run(chunks: pieces) { _, chunk in
                    let first = chunk * Self.piece
                    let count = min(parameter.count - first, Self.piece)
                    change.apply(parameter, at: first, gradient: parameter.gradient + first, count: count)
                }
            case .panels:
                pool.run(over: (parameter.rows + 31) / 32, grain: 1) { _, panels in
                    for panel in panels { change.apply(parameter, panel: panel) }
                }
            }
        }
    }

    /// The numbers of one update.
    private struct Change {
        let rate: Float
        let decay: Float
        /// Adam's decay, which is part of the gradient; AdamW's is a factor.
        let coupled: Float
        let kept: Float
        let factor: Float
        let stepSize: Float
        let rootCorrection: Float
        let betas = (Float(1 - UpdateRule.betas.0), Float(UpdateRule.betas.1), Float(1 - UpdateRule.betas.1))

        init(_ optimiser: UpdateRule, step: Int, rate: Double, decay: Double, factor: Float) {
            self.rate = Float(rate)
            self.decay = Float(decay)
            coupled = optimiser.kind == .adam ? Float(decay) : 0
            kept = optimiser.kind == .adam ? 1 : Float(1 - rate * decay)
            self.factor = factor
            stepSize = Float(rate / (1 - pow(UpdateRule.betas.0, Double(step))))
            rootCorrection = Float((1 - pow(UpdateRule.betas.1, Double(step))).squareRoot())
        }

        /// A panel of the parameter: 32 rows side by side, of which each lies apart in the gradient.
        func apply(_ parameter: Parameter, panel: Int) {
            let columns = parameter.columns
            let width = min(32, parameter.rows - 32 * panel)
            let gradient = parameter.gradient + 32 * panel * columns
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 32) { side in
                guard let side = side.baseAddress else { return }
                for column in 0..<columns {
                    for row in 0..<width { side[row] = gradient[row * columns + column] }
                    apply(parameter, at: 32 * (panel * columns + column), gradient: side, count: width)
                }
            }
        }

        /// `count` numbers of the parameter from `start`.
        @inline(__always)
        func apply(_ parameter: Parameter, at start: Int, gradient: UnsafePointer<Float>, count: Int) {
            let values = parameter.values + start
            guard let first = parameter.firstMoment, let second = parameter.secondMoment else {
                for index in 0..<count { values[index] -= rate * (factor * gradient[index] + decay * values[index]) }
                return
            }
            let (m, v) = (first + start, second + start)
            for index in 0..<count {
                let slope = factor * gradient[index] + coupled * values[index]
                let mean = m[index] + betas.0 * (slope - m[index])
                let square = betas.1 * v[index] + betas.2 * slope * slope
                m[index] = mean
                v[index] = square
                let root = square.squareRoot() / rootCorrection + UpdateRule.epsilon
                values[index] = values[index] * kept - stepSize * mean / root
            }
        }
    }
}
