import CKernels
import LlamaEngine

/// A product with its bias and what is trained of it: y = W x + b, or as `LowRankChange` has it. W: [outputs, inputs];
/// x: [rows, inputs]; y: [rows, outputs].
struct LinearLayer {
    let matrix: Matrix
    let bias: UnsafePointer<Float>?
    let change: LowRankChange?
    /// Where W and b themselves are trained.
    let weightParameter: Parameter?
    let biasParameter: Parameter?
    /// The type of its input going forward.
    let activations: Activations
    /// Whether it goes back in bf16.
    let isBackwardNarrow: Bool

    /// The types of activations that products take going forward. Int8, in which the model is served, is not one of
    /// them: after 50 steps it turns the gradient of an adapter of SmolLM2 by 18 degrees, int16 by less than one.
    enum Activations {
        case int16, bf16, f32
    }

    /// - Parameter isHead: its input is not narrowed.
    init(
        matrix: Matrix, bias: UnsafePointer<Float>? = nil, change: LowRankChange? = nil, weight: Parameter? = nil,
        biasParameter: Parameter? = nil, precision: Precision = .exact, isHead: Bool = false
    ) {
        (self.matrix, self.bias, self.change) = (matrix, bias, change)
        (weightParameter, self.biasParameter) = (weight, biasParameter)
        let isWhole = matrix.inputs % 32 == 0 && weight == nil
        activations = precision == .quantized && isWhole && !isHead ? Self.activations(of: matrix) : .f32
        isBackwardNarrow = precision == .quantized && isWhole && matrix.hasBF16Backward
    }

    private static func activations(of matrix: Matrix) -> Activations {
        switch matrix.narrowest {
        case .f32: .f32
        case .bf16: .bf16
        case .int8: .int16
        }
    }

    var inputs: Int { matrix.inputs }
    var outputs: Int { matrix.outputs }
    /// Whether y must be kept for the way back.
    var keepsProduct: Bool { change?.magnitude != nil }

    /// - Parameters:
    ///   - adding: keeps what y holds as a summand; not with DoRA, which scales y.
    ///   - t: A x, [rows, rank]: written here and read on the way back. Unused without a change.
    func forward(
        _ x: UnsafePointer<Float>, rows: Int, to y: UnsafeMutablePointer<Float>, adding: Bool = false,
        t: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) throws(TrainingError) {
        try narrow(x, rows: rows, bench)
        if let change {
            bench.rows(rows, grain: 16) { part in
                lk_matmul_f32(
                    LK_F32, change.a.values, 0, change.rank, x + part.lowerBound * inputs, part.count, inputs,
                    t + part.lowerBound * change.rank, change.rank)
            }
        }
        bench.pool.run(over: matrix.panels, grain: 1) { _, panels in
            let part = matrix.outputs(of: panels)
            let y = y + part.lowerBound
            multiply(panels, x, rows: rows, to: y, adding: adding, bench)
            if let change {
                lk_product_f32(
                    t, change.rank, change.b.values + part.lowerBound, outputs, rows, change.rank, part.count, y,
                    outputs, change.scale, 1)
            }
            if let factors = change?.magnitude?.factors.base {
                for row in 0..<rows { Self.scale(y + row * outputs, by: factors + part.lowerBound, part.count) }
            }
            if let bias {
                for row in 0..<rows { lk_add(y + row * outputs, bias + part.lowerBound, part.count) }
            }
        }
    }

    /// With dy' = g dy (LoRA: g = 1) and dt = s dy' B: dx = dy' W + dt A; dA = dtᵀ x; dB = s dy'ᵀ t;
    /// dm = Σ rows dy (y - b) / m; dW = dyᵀ x; db = Σ rows dy.
    ///
    /// - Parameters:
    ///   - y: what `forward` gave; only where `keepsProduct`.
    ///   - dx: nil where nothing below is trained.
    ///   - adding: keeps what dx holds as a summand.
    ///   - t: what `forward` left there; it is used up.
    func backward(
        x: UnsafePointer<Float>, y: UnsafePointer<Float>?, dy: UnsafePointer<Float>, rows: Int,
        to dx: UnsafeMutablePointer<Float>?, adding: Bool = false, t: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) throws(TrainingError) {
        try trainWhole(x: x, dy: dy, rows: rows, bench)
        var dy = dy
        if let change, let magnitude = change.magnitude, let y {
            dy = try scaled(dy, y: y, rows: rows, magnitude, bench)
        }
        if let change { try train(change, x: x, dy: dy, rows: rows, t: t, bench) }
        guard let dx else { return }
        let dt = bench.lowRank.base
        if isBackwardNarrow { try narrowBack(dy, rows: rows, bench) }
        let halves = halves(bench)
        bench.pool.run(over: matrix.strips, grain: 1) { worker, strips in
            let part = matrix.inputs(of: strips)
            let dx = dx + part.lowerBound
            let scratch = bench.scratch(worker)
            if isBackwardNarrow {
                matrix.multiplyBack(
                    strips, bf16: halves, rows: rows, to: dx, stride: inputs, adding: adding, scratch: scratch)
            } else {
                matrix.multiplyBack(strips, dy, rows: rows, to: dx, stride: inputs, adding: adding, scratch: scratch)
            }
            guard let change else { return }
            lk_product_f32(
                dt, change.rank, change.a.values + part.lowerBound, inputs, rows, change.rank, part.count, dx, inputs,
                1, 1)
        }
    }

    // MARK: - Forward

    private func narrow(_ x: UnsafePointer<Float>, rows: Int, _ bench: Workbench) throws(TrainingError) {
        switch activations {
        case .f32: return
        case .int16:
            // 144 bytes for 32 values.
            try bench.narrow.reserve(rows * inputs / 32 * 36)
            let blocks = wide(bench)
            bench.rows(rows, grain: 16) { part in
                lk_quantize_rows_q16(
                    x + part.lowerBound * inputs, part.count, inputs, blocks + part.lowerBound * inputs / 32)
            }
        case .bf16:
            try bench.narrow.reserve((rows * inputs + 1) / 2)
            let halves = halves(bench)
            bench.rows(rows, grain: 16) { part in
                lk_bf16_from_f32(x + part.lowerBound * inputs, halves + part.lowerBound * inputs, part.count * inputs)
            }
        }
    }

    private func wide(_ bench: Workbench) -> UnsafeMutablePointer<lk_q16_block> {
        UnsafeMutableRawPointer(bench.narrow.base).assumingMemoryBound(to: lk_q16_block.self)
    }

    private func halves(_ bench: Workbench) -> UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(bench.narrow.base).assumingMemoryBound(to: UInt16.self)
    }

    private func multiply(
        _ panels: Range<Int>, _ x: UnsafePointer<Float>, rows: Int, to y: UnsafeMutablePointer<Float>, adding: Bool,
        _ bench: Workbench
    ) {
        switch activations {
        case .f32: matrix.multiply(panels, x, rows: rows, to: y, stride: outputs, adding: adding)
        case .int16:
            matrix.multiply(panels, wide: wide(bench), rows: rows, to: y, stride: outputs, adding: adding)
        case .bf16: matrix.multiply(panels, bf16: halves(bench), rows: rows, to: y, stride: outputs, adding: adding)
        }
    }

    private static func scale(
        _ values: UnsafeMutablePointer<Float>, by factors: UnsafePointer<Float>, _ count: Int
    ) {
        for index in 0..<count { values[index] *= factors[index] }
    }

    // MARK: - Backward

    private func narrowBack(_ dy: UnsafePointer<Float>, rows: Int, _ bench: Workbench) throws(TrainingError) {
        try bench.narrow.reserve((rows * outputs + 1) / 2)
        let halves = halves(bench)
        bench.rows(rows, grain: 16) { part in
            lk_bf16_from_f32(dy + part.lowerBound * outputs, halves + part.lowerBound * outputs, part.count * outputs)
        }
    }

    /// Adds to the gradients of W and b.
    private func trainWhole(
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int, _ bench: Workbench
    ) throws(TrainingError) {
        if let weightParameter {
            bench.pool.run(over: outputs, grain: 32) { worker, part in
                lk_weight_gradient_f32(
                    dy, outputs, x, inputs, rows, part.lowerBound, part.upperBound, inputs, weightParameter.gradient,
                    inputs, bench.scratch(worker))
            }
        }
        if let biasParameter {
            bench.pool.run(over: outputs, grain: 32) { _, part in
                for row in 0..<rows {
                    lk_add(biasParameter.gradient + part.lowerBound, dy + row * outputs + part.lowerBound, part.count)
                }
            }
        }
    }

    /// Adds to the gradient of m, and gives g dy.
    private func scaled(
        _ dy: UnsafePointer<Float>, y: UnsafePointer<Float>, rows: Int, _ magnitude: LowRankChange.Magnitude,
        _ bench: Workbench
    ) throws(TrainingError) -> UnsafePointer<Float> {
        try bench.scaled.reserve(rows * outputs)
        let (out, factors) = (bench.scaled.base, magnitude.factors.base)
        let (m, gradient) = (magnitude.parameter.values, magnitude.parameter.gradient)
        bench.pool.run(over: outputs, grain: 16) { _, part in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: part.count) { sums in
                sums.initialize(repeating: 0)
                for row in 0..<rows {
                    for output in part {
                        let place = row * outputs + output
                        sums[output - part.lowerBound] += dy[place] * (y[place] - (bias?[output] ?? 0))
                        out[place] = dy[place] * factors[output]
                    }
                }
                for output in part where m[output] != 0 {
                    gradient[output] += sums[output - part.lowerBound] / m[output]
                }
            }
        }
        return UnsafePointer(out)
    }

    /// Adds to the gradients of A and B; leaves dt in the bench's `lowRank`.
    private func train(
        _ change: LowRankChange, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
        t: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) throws(TrainingError) {
        let rank = change.rank
        try bench.lowRank.reserve(rows * rank)
        let dt = bench.lowRank.base
        bench.rows(rows, grain: 16) { part in
            lk_matmul_f32(
                LK_F32, change.b.values, 0, rank, dy + part.lowerBound * outputs, part.count, outputs,
                dt + part.lowerBound * rank, rank)
            for index in part.lowerBound * rank..<part.upperBound * rank {
                dt[index] *= change.scale
                t[index] *= change.scale
            }
        }
        bench.pool.run(over: outputs, grain: 32) { worker, part in
            lk_weight_gradient_f32(
                t, rank, dy + part.lowerBound, outputs, rows, 0, rank, part.count,
                change.b.gradient + part.lowerBound, outputs, bench.scratch(worker))
        }
        bench.pool.run(over: inputs, grain: 32) { worker, part in
            lk_weight_gradient_f32(
                dt, rank, x + part.lowerBound, inputs, rows, 0, rank, part.count, change.a.gradient + part.lowerBound,
                inputs, bench.scratch(worker))
        }
    }
}
