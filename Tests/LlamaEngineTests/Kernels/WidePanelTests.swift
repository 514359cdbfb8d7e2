import CKernels
import Testing

@testable import LlamaEngine

@Suite("Panels times int16")
struct WidePanelTests {
    private func type(_ name: String) -> lk_type { quantisedTypes.first { $0.name == name }!.type }

    @Test("int16 activations are the floats, and every instruction set's are the same bytes")
    func activations() {
        var random = RandomFloats(seed: 61)
        var x = random.array(64 * 32)
        for index in 0..<32 { x[index] = 0 }
        for index in 32..<64 { x[index] = 1e-42 }
        let wanted = plainForms.widelyQuantised(x)
        for (value, float) in zip(values(of: wanted)[64...], x[64...]) {
            #expect(abs(value - float) < 1.6e-5 * 4, "\(value) of \(float)")
        }
        for block in wanted {
            let sums = withUnsafeBytes(of: block.q) { raw in
                let q = raw.bindMemory(to: Int16.self)
                return [q[..<16], q[16...]].map { $0.reduce(0) { $0 + Int32($1) } }
            }
            #expect([block.sum.0, block.sum.1] == sums)
        }
        for forms in fastForms {
            let made = forms.widelyQuantised(x)
            let same = zip(made, wanted).allSatisfy { one, other in
                withUnsafeBytes(of: one) { a in withUnsafeBytes(of: other) { b in a.elementsEqual(b) } }
            }
            #expect(same, "\(name(forms))")
        }
    }

    @Test("what is not a number makes its block's products NaN", arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(_ value: Float) {
        var random = RandomFloats(seed: 62)
        let weights = PackedWeights(LK_Q4_1, outputs: 33, inputs: 64, &random)
        var x = random.array(64)
        x[40] = value
        for forms in offeredForms {
            let y = forms.multiplyWide(weights, forms.widelyQuantised(x), rows: 1)
            let areNaN = y.dropLast().allSatisfy { $0.isNaN }
            #expect(areNaN, "\(name(forms))")
        }
    }

    @Test(
        "products are those of the decoded weights with the rounded activations", arguments: quantisedTypes.map(\.name))
    func products(typeName: String) {
        let type = type(typeName)
        var random = RandomFloats(seed: 63)
        let shapes = lk_block_size(type) == 256 ? [(32, 256), (33, 768)] : [(32, 32), (33, 96), (7, 64), (49, 608)]
        for (outputs, inputs) in shapes {
            let weights = PackedWeights(type, outputs: outputs, inputs: inputs, &random)
            for rows in [1, 2, 3, 5, 7, 13] {
                let x = plainForms.widelyQuantised(random.array(rows * inputs))
                let wanted = weights.product(values(of: x), rows: rows)
                for forms in offeredForms {
                    let error = relativeError(forms.multiplyWide(weights, x, rows: rows), wanted)
                    #expect(error < 2e-6, "\(name(forms)) \(outputs)x\(inputs) \(rows) rows")
                }
            }
        }
    }

    @Test("the largest values do not overflow on their way", arguments: quantisedTypes.map(\.name))
    func largest(typeName: String) {
        var random = RandomFloats(seed: 64)
        let weights = PackedWeights(type(typeName), outputs: 256, inputs: 256, &random)
        for sign: Float in [1, -1] {
            let x = plainForms.widelyQuantised([Float](repeating: sign, count: 256))
            let wanted = weights.product(values(of: x), rows: 1)
            for forms in offeredForms {
                #expect(relativeError(forms.multiplyWide(weights, x, rows: 1), wanted) < 2e-6, "\(name(forms))")
            }
        }
    }

    @Test("a row's result is the same bits alone and among up to 48", arguments: quantisedTypes.map(\.name))
    func batchInvariance(typeName: String) {
        let type = type(typeName)
        var random = RandomFloats(seed: 65)
        let rows = 48, n = lk_block_size(type) == 256 ? 768 : 608, blocks = n / 32
        let weights = PackedWeights(type, outputs: 40, inputs: n, &random), x = random.array(rows * n)
        for forms in fastForms {
            let q = forms.widelyQuantised(x)
            let alone = (0..<rows).flatMap {
                forms.multiplyWide(weights, Array(q[$0 * blocks..<($0 + 1) * blocks]), rows: 1)
            }
            for count in 1...rows {
                let together = forms.multiplyWide(weights, q, rows: count)
                #expect(together == Array(alone.prefix(count * 41)), "\(name(forms)) \(count) rows")
            }
        }
    }
}
