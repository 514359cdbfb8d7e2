import CKernels

/// RMSNorm (Zhang and Sennrich 2019, arXiv:1910.07467): y = w x / √(mean(x²) + ε).
struct NormLayer {
    /// [width]
    let weight: UnsafePointer<Float>
    let width: Int
    let epsilon: Float
    /// Where the weight is trained.
    let parameter: Parameter?

    /// x, out: [rows, width]. In place is fine.
    func forward(
        _ x: UnsafePointer<Float>, rows: Int, to out: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) {
        bench.rows(rows, grain: 8) { part in
            for row in part { lk_rmsnorm(x + row * width, weight, epsilon, width, out + row * width) }
        }
    }

    /// With s = 1 / √(mean(x²) + ε): dx = s (w dy - x s² mean(w dy x)), added to what dx holds when `adding`;
    /// dw = Σ rows dy x s. dx may be dy unless the weight is trained. All [rows, width].
    func backward(
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int, to dx: UnsafeMutablePointer<Float>, adding: Bool,
        _ bench: Workbench
    ) throws(TrainingError) {
        try bench.inverses.reserve(rows)
        let inverses = bench.inverses.base
        // Before dx, which may be where dy lies.
        if let parameter {
            bench.rows(rows, grain: 8) { part in
                for row in part { inverses[row] = inverse(x + row * width) }
            }
            bench.pool.run(over: width, grain: 16) { _, part in
                lk_rmsnorm_weight_gradient(
                    x, width, inverses, dy, width, rows, part.lowerBound, part.upperBound, parameter.gradient)
            }
        }
        bench.rows(rows, grain: 8) { part in
            for row in part {
                let place = row * width
                _ = lk_rmsnorm_backward(x + place, weight, epsilon, width, dy + place, dx + place, adding ? 1 : 0)
            }
        }
    }

    private func inverse(_ x: UnsafePointer<Float>) -> Float {
        var sum: Float = 0
        for index in 0..<width { sum += x[index] * x[index] }
        return 1 / (sum / Float(width) + epsilon).squareRoot()
    }
}
