import CKernels
import Foundation
import Testing

@testable import Checkpoints
@testable import LlamaEngine
@testable import Parallel

/// One layer's mixture against the obvious loop over rows and experts: plain f32 products of the same weights.
@Suite struct MixtureTests {
    @Test(
        "a mixture is the sum of its experts' answers, on odd numbers of rows and 1 to 3 threads",
        arguments: TinyMixture.files, Precision.allCases)
    func sums(_ tiny: TinyMixture, _ precision: Precision) throws {
        let model = try tiny.load(precision)
        guard case .experts(let experts) = model.weights.layers[0].feedForward else {
            Issue.record("\(tiny.name) has no experts")
            return
        }
        let plain = try PlainMixture(experts)
        let hidden = model.configuration.hidden
        var random = LlamaEngine.SplitMix64(seed: 9)
        for rows in [1, 2, 3, 33] {
            let inputs = (0..<rows * hidden).map { _ in Float.random(in: -2...2, using: &random) }
            let wanted = plain.answers(inputs, rows: rows)
            let largest = wanted.map(abs).max() ?? 0
            // Eight bits round a value by 1 part in 254 of its block's largest.
            let bound: Float = precision == .exact ? 1e-4 : 0.05
            for threads in 1...3 {
                let decoder = Decoder(model: model, precision: precision, pool: try ThreadPool(threads: threads))
                let found = try decoder.mixed(experts, inputs, rows: rows)
                #expect(largestDifference(found, wanted) < bound * max(1, largest), "\(rows) rows, \(threads) threads")
            }
        }
    }
}

/// A mixture's weights in f32, and its answers row by row.
private struct PlainMixture {
    private struct Weights {
        let values: [Float]
        let outputs: Int
        let inputs: Int

        init(_ matrix: Matrix) {
            (outputs, inputs) = (matrix.outputs, matrix.inputs)
            values = [Float](unsafeUninitializedCapacity: outputs * inputs) { buffer, count in
                if let base = buffer.baseAddress {
                    for output in 0..<matrix.outputs { matrix.row(output, to: base + output * matrix.inputs) }
                }
                count = matrix.outputs * matrix.inputs
            }
        }
    }

    private let kernels: lk_variants
    private let experts: Experts
    private let router: Weights
    private let networks: [[Weights]]
    private let shared: (network: [Weights], gate: Weights)?

    init(_ experts: Experts) throws {
        kernels = try #require(lk_variants_for("plain")).pointee
        self.experts = experts
        router = Weights(experts.router)
        networks = experts.networks.map { $0.matrices.map(Weights.init) }
        shared = experts.shared.map { ($0.network.matrices.map(Weights.init), Weights($0.gate)) }
    }

    func answers(_ inputs: [Float], rows: Int) -> [Float] {
        (0..<rows).flatMap { answer(Array(inputs[$0 * router.inputs..<($0 + 1) * router.inputs])) }
    }

    private func answer(_ x: [Float]) -> [Float] {
        let powers = product(router, x).map { Foundation.exp(Double($0)) }
        let chosen = powers.indices.sorted { powers[$0] > powers[$1] }.prefix(experts.used)
        let whole = experts.normalisesWeights ? chosen.reduce(0) { $0 + powers[$1] } : powers.reduce(0, +)
        var sum = [Float](repeating: 0, count: x.count)
        for expert in chosen { add(networks[expert], Float(powers[expert] / whole), x, to: &sum) }
        if let shared {
            add(shared.network, Float(1 / (1 + Foundation.exp(-Double(product(shared.gate, x)[0])))), x, to: &sum)
        }
        return sum
    }

    private func add(_ network: [Weights], _ weight: Float, _ x: [Float], to sum: inout [Float]) {
        let (gate, up) = (product(network[0], x), product(network[1], x))
        let inner = zip(gate, up).map { $0 / (1 + Foundation.exp(-$0)) * $1 }
        for (index, value) in product(network[2], inner).enumerated() { sum[index] += weight * value }
    }

    private func product(_ weights: Weights, _ x: [Float]) -> [Float] {
        var y = [Float](repeating: 0, count: weights.outputs)
        kernels.matmul_f32(
            LK_F32, weights.values, 0, weights.outputs, x, 1, weights.inputs, &y, weights.outputs)
        return y
    }
}

extension Decoder {
    /// The sum that a mixture adds to a residual stream of zeros.
    fileprivate func mixed(_ experts: Experts, _ inputs: [Float], rows count: Int) throws -> [Float] {
        let hidden = model.configuration.hidden
        rows = (0..<count).map { Row(segment: 0, token: 0, position: $0) }
        try workspace.reserve(rows: count, headRows: 1)
        try mixing?.reserve(self)
        workspace.input.base.update(from: inputs, count: inputs.count)
        for row in 0..<count { narrow(row: row) }
        workspace.residual.base.update(repeating: 0, count: count * hidden)
        mix(experts, layer: 0)
        return Array(UnsafeBufferPointer(start: workspace.residual.base, count: count * hidden))
    }
}
