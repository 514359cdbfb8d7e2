import CKernels
import Testing

@testable import LlamaEngine

@Suite("Quantised activations")
struct ActivationTests {
    @Test("activations quantise to the same bits everywhere")
    func sameBits() {
        var random = RandomFloats(seed: 25)
        for n in [32, 64, 96, 128, 160, 576] {
            var x = random.array(3 * n, in: -50...50)
            for i in 0..<32 { x[i] = 0 }
            if n > 64 {
                x[40] = .nan
                x[n + 70] = .infinity
                for i in 64..<96 { x[2 * n + i] = .leastNonzeroMagnitude }
            }
            let bytes = { (forms: lk_variants) in
                forms.quantised(x).map { block in withUnsafeBytes(of: block) { Array($0) } }
            }
            for forms in fastForms { #expect(bytes(forms) == bytes(plainForms), "\(name(forms)) \(n)") }
        }
    }

    @Test("SwiGLU of 32 outputs of some rows is the whole row's, quantised")
    func swiglu() {
        var random = RandomFloats(seed: 29)
        let rows = 5, blocks = 3
        let gate = random.array(rows * 32, in: -6...6), up = random.array(rows * 32, in: -3...3)
        for forms in offeredForms {
            var products = gate
            forms.swiglu(gate, up, gate.count, &products)
            var out = forms.quantised([Float](repeating: 1, count: rows * blocks * 32))
            forms.swiglu_q8(gate, up, rows, &out, blocks)
            let found = (0..<rows).flatMap { values(of: [out[$0 * blocks]]) }
            #expect(found == values(of: forms.quantised(products)), "\(name(forms))")
            #expect(out[1].scale == forms.quantised([Float](repeating: 1, count: 32))[0].scale, "\(name(forms))")
        }
    }

    @Test("int16 keeps what int8 rounds off")
    func wide() {
        var random = RandomFloats(seed: 28)
        let x = random.array(576, in: -3...3)
        for forms in offeredForms {
            #expect(relativeError(values(of: forms.widelyQuantised(x)), x) < 1 / 32000, "\(name(forms))")
        }
    }

    @Test("a NaN among the activations is a NaN in the product, by every instruction set")
    func nan() {
        var random = RandomFloats(seed: 26)
        let weights = PackedWeights(LK_Q8_0, outputs: 1, inputs: 64, &random)
        var x = random.array(64)
        x[40] = .nan
        for forms in offeredForms {
            #expect(forms.multiplyQuantised(weights, forms.quantised(x), rows: 1)[0].isNaN, "\(name(forms))")
        }
    }
}
