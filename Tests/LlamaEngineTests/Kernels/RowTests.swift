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
            let run = { (forms: lk_forms) -> [[Float]] in
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

    /// Softmax attention in double, from its definition.
    private func attention(
        _ q: [Float], _ k: [Float], _ v: [Float], queries: Int, headDim: Int, stride: Int, positions: Int
    )
        -> [Float]
    {
        let scale = 1 / Double(headDim).squareRoot()
        return (0..<queries).flatMap { query -> [Float] in
            let scores = (0..<positions).map { p in
                scale * (0..<headDim).reduce(0.0) { $0 + Double(q[query * headDim + $1]) * Double(k[p * stride + $1]) }
            }
            let largest = scores.max() ?? 0, weights = scores.map { exp($0 - largest) }, sum = weights.reduce(0, +)
            return (0..<headDim).map { i in
                Float((0..<positions).reduce(0.0) { $0 + weights[$1] * Double(v[$1 * stride + i]) } / max(sum, 1e-300))
            }
        }
    }

    @Test("attention over pages is attention over all positions, by every instruction set")
    func pages() {
        let seed: UInt64 = 32
        print("attention: seed \(seed)")
        var random = RandomFloats(seed: seed)
        for (queries, headDim, positions) in [
            (1, 64, 1), (3, 64, 33), (3, 64, 100), (2, 16, 40), (5, 48, 37), (1, 80, 70), (2, 10, 9), (1, 256, 35),
            (1, 320, 3),
        ] {
            let stride = headDim + 16
            let q = random.array(queries * headDim, in: -4...4)
            var k16 = [UInt16](repeating: 0, count: positions * stride), v16 = k16
            lk_f16_from_f32(random.array(k16.count, in: -2...2), &k16, k16.count)
            lk_f16_from_f32(random.array(v16.count), &v16, v16.count)
            var k = [Float](repeating: 0, count: k16.count), v = k
            lk_dequantize_row(LK_F16, k16, &k, k.count)
            lk_dequantize_row(LK_F16, v16, &v, v.count)
            let wanted = attention(q, k, v, queries: queries, headDim: headDim, stride: stride, positions: positions)
            let scale = 1 / Float(headDim).squareRoot()
            for forms in offeredForms {
                for isHalf in [true, false] {
                    var state = [Float](repeating: 7, count: 2 * queries),
                        out = [Float](repeating: 7, count: queries * headDim)
                    lk_attention_start(queries, headDim, &state, &out)
                    for begin in Swift.stride(from: 0, to: positions, by: 16) {
                        let count = min(16, positions - begin), at = begin * stride
                        if isHalf {
                            k16.withUnsafeBufferPointer { k in
                                v16.withUnsafeBufferPointer { v in
                                    forms.attention_f16(
                                        q, queries, headDim, scale, k.baseAddress! + at, v.baseAddress! + at, stride,
                                        count, &state, &out)
                                }
                            }
                        } else {
                            k.withUnsafeBufferPointer { k in
                                v.withUnsafeBufferPointer { v in
                                    forms.attention_f32(
                                        q, queries, headDim, scale, k.baseAddress! + at, v.baseAddress! + at, stride,
                                        count, &state, &out)
                                }
                            }
                        }
                    }
                    lk_attention_finish(queries, headDim, state, &out)
                    #expect(
                        relativeError(out, wanted) < 5e-6,
                        "\(name(forms)) f\(isHalf ? 16 : 32) \(queries) queries of \(headDim), \(positions) positions")
                }
            }
        }
    }

    @Test("one call over all positions gives the same as the definition", arguments: offeredForms.indices)
    func oneCall(index: Int) {
        var random = RandomFloats(seed: 33)
        let queries = 3, headDim = 64, positions = 131
        let q = random.array(queries * headDim, in: -8...8), k = random.array(positions * headDim, in: -3...3)
        let v = random.array(positions * headDim)
        var state = [Float](repeating: 0, count: 2 * queries), out = [Float](repeating: 0, count: queries * headDim)
        lk_attention_start(queries, headDim, &state, &out)
        offeredForms[index].attention_f32(q, queries, headDim, 0.125, k, v, headDim, positions, &state, &out)
        lk_attention_finish(queries, headDim, state, &out)
        let wanted = attention(q, k, v, queries: queries, headDim: headDim, stride: headDim, positions: positions)
        #expect(relativeError(out, wanted) < 5e-6)
    }

    @Test("attention over no position is zero")
    func nothing() {
        var state: [Float] = [1, 1], out = [Float](repeating: 7, count: 16)
        lk_attention_start(1, 16, &state, &out)
        lk_attention_finish(1, 16, state, &out)
        #expect(out == [Float](repeating: 0, count: 16))
    }

    @Test("the instruction set in use is one that this machine offers")
    func dispatch() {
        #expect(offeredForms.map(name).contains(String(cString: lk_isa())))
        #expect(lk_forms_for("no-such-set") == nil)
    }
}
