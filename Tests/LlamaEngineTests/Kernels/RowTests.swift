import CKernels
import Foundation
import Testing

@Suite("Row operations and attention")
struct RowTests {
    private let lengths = [1, 2, 15, 16, 17, 31, 64, 100, 576]

    @Test("RMSNorm, SwiGLU and softmax agree with the plain forms at every length")
    func rows() {
        let seed: UInt64 = 31
        print("row operations: seed \(seed)")
        var random = RandomFloats(seed: seed)
        for n in lengths {
            let x = random.array(n, in: -20...20), y = random.array(n, in: -2...2)
            let run = { (forms: lk_variants) -> [[Float]] in
                var norm = [Float](repeating: 0, count: n), glu = norm, soft = x
                forms.rmsnorm(x, y, 1e-5, n, &norm)
                forms.swiglu(x, y, n, &glu)
                let sum = forms.softmax(&soft, n)
                return [norm, glu, soft, [sum, forms.logsumexp(x, n)], [Float(forms.argmax(x, n))]]
            }
            let wanted = run(plainForms)
            for forms in fastForms {
                for (index, result) in run(forms).enumerated() {
                    #expect(relativeError(result, wanted[index]) < 2e-6, "\(name(forms)) \(n) result \(index)")
                }
            }
        }
    }

    @Test("RMSNorm, SwiGLU and softmax are what their formulas say")
    func formulas() {
        var out: [Float] = [0, 0]
        lk_rmsnorm([3, 4], [1, 2], 0, 2, &out)
        #expect(relativeError(out, [3 / sqrt(12.5), 8 / sqrt(12.5)]) < 1e-6)
        lk_swiglu([1, -200], [2, 3], 2, &out)
        #expect(relativeError(out, [2 / (1 + exp(-1)), 0]) < 1e-6)
        var soft: [Float] = [1, 1, -.infinity, 1000]
        let sum = lk_softmax(&soft, 4)
        #expect(soft == [0, 0, 0, 1] && sum == 1000)
    }

    @Test("a forbidden position has a probability of exactly zero", arguments: offeredForms.indices)
    func forbidden(index: Int) {
        var soft = [Float](repeating: -.infinity, count: 40)
        soft[20] = -3
        soft[33] = -3
        _ = offeredForms[index].softmax(&soft, 40)
        #expect(soft[20] == 0.5 && soft[33] == 0.5 && soft.filter { $0 == 0 }.count == 38)
    }

    @Test("argmax takes the first of equals and never NaN", arguments: offeredForms.indices)
    func argmax(index: Int) {
        let forms = offeredForms[index]
        var x = [Float](repeating: -1, count: 50)
        x[3] = .nan
        x[20] = 5
        x[40] = 5
        #expect(forms.argmax(x, 50) == 20)
        #expect(forms.argmax([.nan, .nan], 2) == 0)
        #expect(forms.argmax([.nan, -.infinity, .nan], 3) == 1)
        #expect(forms.argmax([], 0) == 0)
    }

    @Test("the two RoPE orders turn the pairs that they name, and leave the rest")
    func rope() {
        let cos: [Float] = [0, 1], sin: [Float] = [1, 0]
        var interleaved: [Float] = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]
        lk_rope_interleaved(&interleaved, 2, 5, 4, cos, sin)
        #expect(interleaved == [-2, 1, 3, 4, 5, -2, 1, 3, 4, 5])
        var half: [Float] = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]
        lk_rope_half(&half, 2, 5, 4, cos, sin)
        #expect(half == [-3, 2, 1, 4, 5, -3, 2, 1, 4, 5])
    }

}
