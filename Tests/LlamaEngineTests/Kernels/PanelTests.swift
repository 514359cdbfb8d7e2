import CKernels
import Testing

@testable import LlamaEngine

@Suite("Panels of weights")
struct PanelTests {
    /// Outputs that fill panels and that do not, inputs that end in and between groups of blocks.
    private func shapes(_ type: lk_type) -> [(outputs: Int, inputs: Int)] {
        lk_block_size(type) == 256
            ? [(32, 256), (33, 512), (7, 768)] : [(32, 32), (33, 64), (7, 96), (64, 288), (49, 576)]
    }

    @Test("a row comes back from a panel as it was", arguments: panelTypes.map(\.name))
    func rows(typeName: String) {
        let type = panelTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 41)
        for shape in shapes(type) {
            let weights = PackedWeights(type, outputs: shape.outputs, inputs: shape.inputs, &random)
            var matrix = weights.matrix
            var out = [Float](repeating: 0, count: shape.outputs * shape.inputs)
            out.withUnsafeMutableBufferPointer {
                for row in 0..<shape.outputs { lk_panel_row(&matrix, row, $0.baseAddress! + row * shape.inputs) }
            }
            #expect(out == weights.decoded(), "\(shape)")
        }
    }

    @Test("f32 products are those of the decoded weights", arguments: panelTypes.map(\.name))
    func exact(typeName: String) {
        let type = panelTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 42)
        for shape in shapes(type) {
            let weights = PackedWeights(type, outputs: shape.outputs, inputs: shape.inputs, &random)
            for rows in [1, 2, 5, 6, 13] {
                let x = random.array(rows * shape.inputs)
                let wanted = weights.product(x, rows: rows)
                for forms in offeredForms {
                    let error = relativeError(forms.multiplyExactly(weights, x, rows: rows), wanted)
                    #expect(error < 2e-6, "\(name(forms)) \(shape) \(rows) rows")
                }
            }
        }
    }

    @Test(
        "int8 products are those of the decoded weights with the rounded activations",
        arguments: quantisedTypes.map(\.name))
    func quantised(typeName: String) {
        let type = quantisedTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 43)
        for shape in shapes(type) {
            let weights = PackedWeights(type, outputs: shape.outputs, inputs: shape.inputs, &random)
            for rows in [1, 2, 3, 4, 5, 6, 7, 8, 13] {
                let x = plainForms.quantised(random.array(rows * shape.inputs))
                let wanted = weights.product(values(of: x), rows: rows)
                for forms in offeredForms {
                    let error = relativeError(forms.multiplyQuantised(weights, x, rows: rows), wanted)
                    #expect(error < 2e-6, "\(name(forms)) \(shape) \(rows) rows")
                }
            }
        }
    }

    @Test("the largest values do not overflow on their way", arguments: quantisedTypes.map(\.name))
    func largest(typeName: String) {
        let type = quantisedTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 44)
        let weights = PackedWeights(type, outputs: 256, inputs: 256, &random)
        for sign: Float in [1, -1] {
            let x = plainForms.quantised([Float](repeating: sign, count: 256))
            let wanted = weights.product(values(of: x), rows: 1)
            for forms in offeredForms {
                #expect(relativeError(forms.multiplyQuantised(weights, x, rows: 1), wanted) < 2e-6, "\(name(forms))")
            }
        }
    }

    @Test("a product can be added to what is there", arguments: ["Q4_1", "Q6_K", "F16"])
    func adding(typeName: String) {
        let type = panelTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 45)
        let weights = PackedWeights(type, outputs: 39, inputs: 256, &random), x = random.array(3 * 256)
        for forms in offeredForms {
            let alone = forms.multiplyExactly(weights, x, rows: 3)
            let added = forms.multiplyExactly(weights, x, rows: 3, over: 2)
            let wanted = alone.indices.map { $0 % 40 == 39 ? 2 : alone[$0] + 2 }
            #expect(relativeError(added, wanted) < 1e-6, "\(name(forms))")
            guard lk_has_q8(type) == 1 else { continue }
            let q = forms.quantised(x)
            let first = forms.multiplyQuantised(weights, q, rows: 3)
            let sum = first.indices.map { $0 % 40 == 39 ? 2 : first[$0] + 2 }
            #expect(relativeError(forms.multiplyQuantised(weights, q, rows: 3, over: 2), sum) < 1e-6, "\(name(forms))")
        }
    }

    @Test("some panels give their part of the product, to the bit, and touch nothing else")
    func parts() {
        var random = RandomFloats(seed: 46)
        let weights = PackedWeights(LK_Q4_1, outputs: 100, inputs: 288, &random), rows = 3
        let x = plainForms.quantised(random.array(rows * 288))
        for forms in offeredForms {
            let whole = forms.multiplyQuantised(weights, x, rows: rows)
            var matrix = weights.matrix
            var y = [Float](repeating: 7, count: rows * 40)
            forms.panel_matmul_q8(&matrix, 3, 4, x, rows, &y, 40, 0)
            var wanted: [Float] = []
            for row in 0..<rows {
                let start = row * 101 + 96
                wanted += whole[start..<start + 4]
                wanted += [Float](repeating: 7, count: 36)
            }
            #expect(y == wanted, "\(name(forms))")
        }
    }

    @Test("a row's result is the same bits alone and among up to 48", arguments: panelTypes.map(\.name))
    func batchInvariance(typeName: String) {
        let type = panelTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 47)
        let n = 256, rows = 48, blocks = 8
        let weights = PackedWeights(type, outputs: 40, inputs: n, &random), x = random.array(rows * n)
        for forms in fastForms {
            let q = forms.quantised(x)
            var exactly: [Float] = []
            var quantised: [Float] = []
            for row in 0..<rows {
                exactly += forms.multiplyExactly(weights, Array(x[row * n..<(row + 1) * n]), rows: 1)
                guard lk_has_q8(type) == 1 else { continue }
                quantised += forms.multiplyQuantised(weights, Array(q[row * blocks..<(row + 1) * blocks]), rows: 1)
            }
            for count in 1...rows {
                let together = forms.multiplyExactly(weights, x, rows: count)
                #expect(together == Array(exactly.prefix(count * 41)), "\(name(forms)) \(count) rows")
                guard lk_has_q8(type) == 1 else { continue }
                let int8 = forms.multiplyQuantised(weights, q, rows: count)
                #expect(int8 == Array(quantised.prefix(count * 41)), "\(name(forms)) \(count) rows")
            }
        }
    }

    @Test("rows of several strips are the same bits alone", arguments: quantisedTypes.map(\.name))
    func manyRows(typeName: String) {
        let type = quantisedTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 49)
        let n = lk_block_size(type) == 256 ? 768 : 608, blocks = n / 32
        let weights = PackedWeights(type, outputs: 71, inputs: n, &random)
        for rows in [193, 197, 391] {
            let x = random.array(rows * n)
            for forms in fastForms {
                let q = forms.quantised(x)
                let together = forms.multiplyQuantised(weights, q, rows: rows)
                for row in [0, 5, 187, 191, 192, rows - 1] {
                    let alone = forms.multiplyQuantised(weights, Array(q[row * blocks..<(row + 1) * blocks]), rows: 1)
                    #expect(alone == Array(together[row * 72..<(row + 1) * 72]), "\(name(forms)) row \(row) of \(rows)")
                }
            }
        }
    }

    @Test("bf16 products agree with the plain form, and are the same bits alone", arguments: ["F16", "BF16"])
    func bf16(typeName: String) throws {
        let forms = try #require(offeredForms.first { name($0) == "avx512-bf16" } ?? offeredForms.first)
        let type = panelTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 48)
        for (outputs, n) in [(32, 32), (33, 64), (7, 576), (64, 2080)] {
            let weights = PackedWeights(type, outputs: outputs, inputs: n, &random)
            let rows = 27
            let floats = random.array(rows * n)
            var x = [UInt16](repeating: 0, count: floats.count), wanted = x
            forms.bf16_from_f32(floats, &x, x.count)
            plainForms.bf16_from_f32(floats, &wanted, x.count)
            #expect(x == wanted)
            let run = { (forms: lk_variants, first: Int, count: Int) -> [Float] in
                var matrix = weights.matrix
                var y = [Float](repeating: 7, count: count * (outputs + 1))
                let part = Array(x[first * n..<(first + count) * n])
                forms.panel_matmul_bf16(&matrix, 0, weights.panels, part, count, &y, outputs + 1, 0)
                return y
            }
            let together = run(forms, 0, rows)
            #expect(relativeError(together, run(plainForms, 0, rows)) < 1e-5, "\(outputs)x\(n)")
            for row in 0..<rows {
                let own = Array(together[row * (outputs + 1)..<(row + 1) * (outputs + 1)])
                #expect(run(forms, row, 1) == own, "\(outputs)x\(n), row \(row)")
            }
            for count in 2...rows {
                #expect(run(forms, 0, count) == Array(together.prefix(count * (outputs + 1))), "\(count) rows")
            }
        }
    }

    @Test("types and lengths without panels say so")
    func withoutPanels() {
        #expect(lk_panel_bytes(LK_Q4_1, 576) == 18 * 640)
        #expect(lk_panel_bytes(LK_Q2_K, 256) == 128 + 8 * 320)
        #expect(lk_panel_bytes(LK_IQ4_XS, 256) == 320 + 8 * 512)
        #expect(lk_panel_bytes(LK_F32, 33) == 0)
        #expect(lk_panel_bytes(LK_Q4_K, 128) == 0)
        #expect(lk_panel_bytes(LK_F32, 0) == 0)
    }
}
