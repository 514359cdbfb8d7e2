import CKernels
import LlamaEngine

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The trained change of one product: LoRA (Hu et al. 2021, arXiv:2106.09685), y = W x + s B (A x), or DoRA (Liu et al.
/// 2024, arXiv:2402.09353), y = g (W x + s B A x) with g = m / ‖W + s B A‖ for each output.
final class LowRankChange {
    let module: TrainedModule
    let layer: Int
    let rank: Int
    let scale: Float
    /// A: [rank, inputs]
    let a: Parameter
    /// Bᵀ: [rank, outputs], rows of B in the order of the model's own file.
    let b: Parameter
    let magnitude: Magnitude?

    /// The part that DoRA adds.
    final class Magnitude {
        /// m: [outputs]
        let parameter: Parameter
        /// ‖W‖² of each output's weights.
        let squares: FloatBuffer
        /// g of this step.
        let factors: FloatBuffer

        init(parameter: Parameter, outputs: Int) throws(TrainingError) {
            self.parameter = parameter
            squares = try FloatBuffer(outputs)
            factors = try FloatBuffer(outputs)
        }
    }

    init(
        _ module: TrainedModule, layer: Int, settings: TrainingSettings, inputs: Int, outputs: Int, hasMoments: Bool
    ) throws(TrainingError) {
        self.module = module
        self.layer = layer
        rank = settings.rank
        scale = settings.scale
        let name = module == .head ? module.rawValue : "layers.\(layer).\(module.rawValue)"
        a = try Parameter(name + ".lora_A", [rank, inputs], hasMoments: hasMoments)
        b = try Parameter(name + ".lora_B_transposed", [rank, outputs], hasMoments: hasMoments)
        magnitude =
            settings.algorithm == .dora
            ? try Magnitude(
                parameter: Parameter(name + ".magnitude", [outputs], hasMoments: hasMoments), outputs: outputs)
            : nil
        initialise(seed: settings.seed)
    }

    var inputs: Int { a.columns }
    var outputs: Int { b.columns }
    var parameters: [Parameter] { [a, b] + (magnitude.map { [$0.parameter] } ?? []) }

    /// A[i] = (2u - 1) / √inputs in row-major order, u the units of SplitMix64 seeded with
    /// seed · 2³² + 1000 · layer + module; B = 0.
    private func initialise(seed: UInt64) {
        var random = SplitMix64(seed: seed << 32 &+ 1000 * UInt64(layer) &+ module.number)
        let bound = 1 / Double(inputs).squareRoot()
        for index in 0..<a.count { a.values[index] = Float((2 * random.nextUnit() - 1) * bound) }
    }

    /// Takes ‖W‖² from the base's own weights, and m = ‖W‖ with it, as B is 0.
    func measure(_ matrix: Matrix, _ bench: Workbench) {
        guard let magnitude else { return }
        let squares = magnitude.squares.base
        let inputs = inputs
        bench.pool.run(over: outputs, grain: 16) { _, part in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: inputs) { row in
                guard let row = row.baseAddress else { return }
                for output in part {
                    matrix.row(output, to: row)
                    var sum = 0.0
                    for input in 0..<inputs { sum += Double(row[input]) * Double(row[input]) }
                    squares[output] = Float(sum)
                }
            }
        }
        for output in 0..<outputs { magnitude.parameter.values[output] = squares[output].squareRoot() }
    }

    /// g for the numbers as they are: ‖W + s B A‖² = ‖W‖² + 2 s Σₖ Bₖ (W Aᵀ)ₖ + s² B (A Aᵀ) Bᵀ, so that no W + s B A is
    /// ever made. The norm is a constant on the way back, as in the paper.
    func prepare(_ matrix: Matrix, _ bench: Workbench) throws(TrainingError) {
        guard let magnitude else { return }
        // W Aᵀ, as A's rows times W: [rank, outputs].
        try bench.scaled.reserve(rank * outputs)
        let crossed = bench.scaled.base
        let outputs = outputs
        bench.pool.run(over: matrix.panels, grain: 1) { _, panels in
            let first = panels.lowerBound * Matrix.panelOutputs
            matrix.multiply(panels, a.values, rows: rank, to: crossed + first, stride: outputs, adding: false)
        }
        // A Aᵀ: [rank, rank].
        try bench.lowRank.reserve(rank * rank)
        let gram = bench.lowRank.base
        lk_matmul_f32(LK_F32, a.values, 0, rank, a.values, rank, inputs, gram, rank)
        let (squares, factors, m) = (magnitude.squares.base, magnitude.factors.base, magnitude.parameter.values)
        bench.pool.run(over: outputs, grain: 16) { _, part in
            for output in part {
                var linear = 0.0
                var square = 0.0
                for k in 0..<rank {
                    let bk = Double(b.values[k * outputs + output])
                    linear += bk * Double(crossed[k * outputs + output])
                    var inner = 0.0
                    for l in 0..<rank { inner += Double(gram[k * rank + l]) * Double(b.values[l * outputs + output]) }
                    square += bk * inner
                }
                let s = Double(scale)
                let norm = Float(max(0, Double(squares[output]) + 2 * s * linear + s * s * square)).squareRoot()
                factors[output] = norm > 0 ? m[output] / norm : 0
            }
        }
    }
}
