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
                var sum = 0.0
                let gradient = parameter.gradient
                for index in range {
                    let value = Double(gradient[index])
                    sum += value * value
                }
                return sum
            }
        }
        return sums.reduce(0, +).squareRoot()
    }

    /// Whether all values of all parameters are finite.
    static func areFinite(_ parameters: [Parameter], pool: ThreadPool) -> Bool {
        let sums = parameters.map { parameter in
            sum(over: parameter.stored, pool: pool) { range in
                var sum: Float = 0
                let values = parameter.values
                // 0 for what is finite, NaN otherwise.
                for index in range { sum += values[index] * 0 }
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
                    change.apply(parameter, at: first, gradient: parameter.gradient + first, stride: 1, count: count)
                }
            case .panels:
                pool.run(over: (parameter.rows + 31) / 32, grain: 1) { _, panels in
                    for panel in panels {
                        let width = min(32, parameter.rows - 32 * panel)
                        for column in 0..<parameter.columns {
                            change.apply(
                                parameter, at: 32 * (panel * parameter.columns + column),
                                gradient: parameter.gradient + 32 * panel * parameter.columns + column,
                                stride: parameter.columns, count: width)
                        }
                    }
                }
            }
        }
    }

    /// The numbers of one update.
    private struct Change {
        let kind: TrainingSettings.Optimiser
        let rate: Float
        let decay: Float
        let kept: Float
        let factor: Float
        let stepSize: Float
        let rootCorrection: Float
        let betas = (Float(1 - UpdateRule.betas.0), Float(UpdateRule.betas.1), Float(1 - UpdateRule.betas.1))

        init(_ optimiser: UpdateRule, step: Int, rate: Double, decay: Double, factor: Float) {
            kind = optimiser.kind
            self.rate = Float(rate)
            self.decay = Float(decay)
            kept = Float(1 - rate * decay)
            self.factor = factor
            stepSize = Float(rate / (1 - pow(UpdateRule.betas.0, Double(step))))
            rootCorrection = Float((1 - pow(UpdateRule.betas.1, Double(step))).squareRoot())
        }

        /// `count` numbers of the parameter from `start`, whose gradients lie `stride` apart.
        @inline(__always)
        func apply(
            _ parameter: Parameter, at start: Int, gradient: UnsafeMutablePointer<Float>, stride: Int, count: Int
        ) {
            let values = parameter.values + start
            guard let first = parameter.firstMoment, let second = parameter.secondMoment else {
                for index in 0..<count {
                    values[index] -= rate * (factor * gradient[index * stride] + decay * values[index])
                }
                return
            }
            let (m, v) = (first + start, second + start)
            let isCoupled = kind == .adam
            for index in 0..<count {
                var slope = factor * gradient[index * stride]
                if isCoupled { slope += decay * values[index] }
                let value = isCoupled ? values[index] : values[index] * kept
                m[index] += betas.0 * (slope - m[index])
                v[index] = betas.1 * v[index] + betas.2 * slope * slope
                values[index] =
                    value - stepSize * m[index] / (v[index].squareRoot() / rootCorrection + UpdateRule.epsilon)
            }
        }
    }
}
