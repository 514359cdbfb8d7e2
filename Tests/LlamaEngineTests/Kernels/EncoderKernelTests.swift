import CKernels
import Foundation
import Testing

@Suite("Kernels of encoders")
struct EncoderKernelTests {
    // Not 2: where two values are near each other, their mean rounded to f32 is most of what LayerNorm sees.
    private let lengths = [1, 3, 15, 16, 17, 31, 64, 100, 384]

    @Test("LayerNorm and GELU agree with the plain forms at every length")
    func rows() {
        let seed: UInt64 = 47
        print("encoder kernels: seed \(seed)")
        var random = RandomFloats(seed: seed)
        for n in lengths {
            let x = random.array(n, in: -9...9), y = random.array(n, in: -2...2), z = random.array(n, in: -2...2)
            let run = { (forms: lk_variants) -> [[Float]] in
                var norm = [Float](repeating: 0, count: n), gelu = norm
                forms.layernorm(x, y, z, 1e-5, n, &norm)
                forms.gelu(x, z, n, &gelu)
                return [norm, gelu]
            }
            let wanted = run(plainForms)
            for forms in fastForms {
                let found = run(forms)
                #expect(relativeError(found[0], wanted[0]) < 3e-6, "\(name(forms)) \(n) norm")
                // Absolute: a value far down the curve's left side is next to nothing.
                for (value, plain) in zip(found[1], wanted[1]) {
                    #expect(abs(value - plain) < 4e-6, "\(name(forms)) \(n) GELU")
                }
            }
        }
    }

    @Test("GELU is within 3e-7 of its formula, relative to its argument", arguments: offeredForms.indices)
    func geluFormula(index: Int) {
        let x = (-8000...8000).map { Float($0) / 1000 }
        var out = [Float](repeating: 0, count: x.count)
        offeredForms[index].gelu(x, [Float](repeating: 0, count: x.count), x.count, &out)
        for (x, value) in zip(x, out) {
            let wanted = Double(x) * (1 + erf(Double(x) / 2.0.squareRoot())) / 2
            #expect(abs(Double(value) - wanted) <= 3e-7 * max(abs(Double(x)), 1e-3), "\(x)")
        }
    }

    @Test("LayerNorm is what its formula says, in place too", arguments: offeredForms.indices)
    func layerNormFormula(index: Int) {
        var x: [Float] = [1, 3]
        offeredForms[index].layernorm(x, [2, 3], [10, 20], 0, 2, &x)
        #expect(relativeError(x, [8, 23]) < 1e-6)
    }

    @Test("a value's GELU does not depend on where it stands", arguments: offeredForms.indices)
    func geluPlace(index: Int) {
        let x = [Float](repeating: -1.2345, count: 37)
        var out = x
        offeredForms[index].gelu(x, [Float](repeating: 0.1, count: 37), 37, &out)
        #expect(Set(out).count == 1)
    }

    @Test("what is not a number stays so, and infinity is where the curve ends", arguments: offeredForms.indices)
    func geluNotFinite(index: Int) {
        var out: [Float] = [0, 0, 0]
        offeredForms[index].gelu([.nan, .infinity, -40], [0, 0, 0], 3, &out)
        #expect(out[0].isNaN && out[1] == .infinity && out[2] == 0)
    }

    @Test("GELU quantised is GELU, then quantised, to the bit", arguments: offeredForms.indices)
    func geluQ8(index: Int) {
        let forms = offeredForms[index]
        var random = RandomFloats(seed: 48)
        let (rows, stride) = (7, 3)
        let x = random.array(rows * 32, in: -5...5), bias = random.array(32)
        var fused = [lk_q8_block](repeating: lk_q8_block(), count: rows * stride)
        forms.gelu_q8(x, bias, rows, &fused, stride)
        for row in 0..<rows {
            var values = [Float](repeating: 0, count: 32), block = lk_q8_block()
            forms.gelu(Array(x[row * 32..<row * 32 + 32]), bias, 32, &values)
            forms.quantize_rows(values, 1, 32, &block)
            let same = withUnsafeBytes(of: &block) { one in
                withUnsafeBytes(of: &fused[row * stride]) { one.elementsEqual($0) }
            }
            #expect(same, "row \(row)")
        }
    }

    @Test("weights rounded to int8 are off by half a step at most; blocks of zeroes stay zero")
    func weights() {
        var random = RandomFloats(seed: 49)
        let x = random.array(320, in: -0.3...0.3) + [Float](repeating: 0, count: 32)
        var rows = [UInt8](repeating: 0, count: lk_row_bytes(LK_Q8_0, x.count))
        var back = [Float](repeating: 1, count: x.count)
        lk_q8_0_from_f32(x, x.count, &rows)
        lk_dequantize_row(LK_Q8_0, rows, &back, x.count)
        for block in stride(from: 0, to: x.count, by: 32) {
            let step = (x[block..<block + 32].map(abs).max() ?? 0) / 127
            for index in block..<block + 32 { #expect(abs(x[index] - back[index]) <= step * 0.57) }
        }
    }
}
