import CKernels
import Foundation
import Testing

@Suite("Attention over packed sequences, and its gradient")
struct TrainingAttentionTests {
    /// A pack of sequences in which token t of the one at `start` sees [start, prefixEnd[t]) and [own[t], t].
    private struct Pack {
        let heads: Int, kvHeads: Int, dimension: Int
        var starts: [Int] = [], prefixEnd: [UInt32] = [], own: [UInt32] = []
        var q: [Float] = [], k: [Float] = [], v: [Float] = []
        let scale: Float = 0.3

        var tokens: Int { own.count }
        var ends: [Int] { Array(starts.dropFirst()) + [tokens] }

        init(heads: Int, kvHeads: Int, dimension: Int) {
            (self.heads, self.kvHeads, self.dimension) = (heads, kvHeads, dimension)
        }

        /// A sequence of one run, or of a prompt and answers that do not see each other.
        mutating func append(_ prompt: Int, answers: [Int] = [], _ random: inout RandomFloats) {
            let start = UInt32(tokens)
            starts.append(tokens)
            for (index, count) in ([prompt] + answers).enumerated() {
                let first = UInt32(tokens)
                for _ in 0..<count {
                    prefixEnd.append(index == 0 ? start : start + UInt32(prompt))
                    own.append(first)
                }
            }
            let count = tokens - Int(start)
            q += random.array(count * heads * dimension)
            k += random.array(count * kvHeads * dimension)
            v += random.array(count * kvHeads * dimension)
        }

        func isSeen(_ position: Int, by token: Int) -> Bool {
            position < prefixEnd[token] || (position >= own[token] && position <= token)
        }

        func withAttention<R>(_ body: (UnsafePointer<lk_packed_attention>, UnsafeMutablePointer<Float>) -> R) -> R {
            q.withUnsafeBufferPointer { q in
                k.withUnsafeBufferPointer { k in
                    v.withUnsafeBufferPointer { v in
                        prefixEnd.withUnsafeBufferPointer { prefixEnd in
                            own.withUnsafeBufferPointer { own in
                                var attention = lk_packed_attention(
                                    heads: heads, kv_heads: kvHeads, head_dim: dimension, scale: scale,
                                    q: q.baseAddress, k: k.baseAddress, v: v.baseAddress,
                                    prefix_end: prefixEnd.baseAddress, own: own.baseAddress)
                                return withTrainingScratch(headDimension: dimension) { body(&attention, $0) }
                            }
                        }
                    }
                }
            }
        }

        /// Every token's result, its tokens shared over calls of `part`.
        func forward(_ forms: lk_variants, part: Int = .max) -> (out: [Float], lse: [Float]) {
            var out = [Float](repeating: 7, count: tokens * heads * dimension)
            var lse = [Float](repeating: 7, count: tokens * heads)
            withAttention { attention, scratch in
                for (start, end) in zip(starts, ends) {
                    for head in 0..<kvHeads {
                        var begin = start
                        while begin < end {
                            let next = part < end - begin ? begin + part : end
                            forms.training.pointee.packed_attention_forward(
                                attention, head, start, begin, next, &out, &lse, scratch)
                            begin = next
                        }
                    }
                }
            }
            return (out, lse)
        }

        func backward(_ forms: lk_variants, _ dout: [Float]) -> (dq: [Float], dk: [Float], dv: [Float]) {
            let (out, lse) = forward(forms)
            var dq = [Float](repeating: 7, count: q.count), dk = [Float](repeating: 7, count: k.count), dv = dk
            withAttention { attention, scratch in
                for (start, end) in zip(starts, ends) {
                    for head in 0..<kvHeads {
                        forms.training.pointee.packed_attention_backward(
                            attention, head, start, end, out, lse, dout, &dq, &dk, &dv, scratch)
                    }
                }
            }
            return (dq, dk, dv)
        }

        /// The answer in f64, and the log of the sum.
        func reference(q: [Double], k: [Double], v: [Double]) -> (out: [Double], lse: [Double]) {
            var out = [Double](repeating: 0, count: q.count), lse = [Double](repeating: 0, count: tokens * heads)
            for (start, end) in zip(starts, ends) {
                for token in start..<end {
                    let seen = (start...token).filter { isSeen($0, by: token) }
                    for head in 0..<heads {
                        let at = (token * heads + head) * dimension, group = head / (heads / kvHeads)
                        let weights = seen.map { position in
                            let from = (position * kvHeads + group) * dimension
                            return exp(
                                Double(scale) * (0..<dimension).reduce(0) { $0 + q[at + $1] * k[from + $1] })
                        }
                        let sum = weights.reduce(0, +)
                        lse[token * heads + head] = log(sum)
                        for (weight, position) in zip(weights, seen) {
                            let from = (position * kvHeads + group) * dimension
                            for i in 0..<dimension { out[at + i] += weight / sum * v[from + i] }
                        }
                    }
                }
            }
            return (out, lse)
        }

        /// d(sum of out * dout) / d(one number), by central differences in f64.
        func difference(_ numbers: WritableKeyPath<Inputs, [Double]>, _ index: Int, _ dout: [Float]) -> Float {
            let step = 1e-4
            let value = { (change: Double) -> Double in
                var inputs = Inputs(q: q.map(Double.init), k: k.map(Double.init), v: v.map(Double.init))
                inputs[keyPath: numbers][index] += change
                let out = reference(q: inputs.q, k: inputs.k, v: inputs.v).out
                return zip(out, dout).reduce(0) { $0 + $1.0 * Double($1.1) }
            }
            return Float((value(step) - value(-step)) / (2 * step))
        }
    }

    struct Inputs { var q: [Double], k: [Double], v: [Double] }

    private func packs(_ random: inout RandomFloats) -> [Pack] {
        var plain = Pack(heads: 3, kvHeads: 1, dimension: 16)
        for count in [1, 13, 40] { plain.append(count, &random) }
        var grouped = Pack(heads: 6, kvHeads: 2, dimension: 64)
        for count in [64, 65, 7, 150] { grouped.append(count, &random) }
        var trees = Pack(heads: 2, kvHeads: 2, dimension: 24)
        trees.append(50, answers: [20, 33], &random)
        trees.append(3, answers: [1, 1], &random)
        trees.append(70, answers: [64, 90], &random)
        var odd = Pack(heads: 20, kvHeads: 2, dimension: 5)
        odd.append(70, &random)
        odd.append(9, answers: [2, 5], &random)
        return [plain, grouped, trees, odd]
    }

    @Test("attention agrees with the formula, in plain sequences and in trees")
    func forward() {
        var random = RandomFloats(seed: 71)
        for pack in packs(&random) {
            let wanted = pack.reference(
                q: pack.q.map(Double.init), k: pack.k.map(Double.init), v: pack.v.map(Double.init))
            for forms in offeredForms {
                let (out, lse) = pack.forward(forms)
                #expect(relativeError(out, wanted.out.map(Float.init)) < 2e-6, "\(name(forms)) \(pack.dimension)")
                #expect(relativeError(lse, wanted.lse.map(Float.init)) < 2e-6, "\(name(forms)) \(pack.dimension)")
            }
        }
    }

    @Test("the plain form's gradients are central differences in f64")
    func differences() {
        var random = RandomFloats(seed: 72)
        var pack = Pack(heads: 4, kvHeads: 2, dimension: 4)
        pack.append(3, &random)
        pack.append(2, answers: [2, 3], &random)
        let dout = random.array(pack.q.count)
        let (dq, dk, dv) = pack.backward(plainForms, dout)
        #expect(relativeError(dq, dq.indices.map { pack.difference(\.q, $0, dout) }) < 1e-6)
        #expect(relativeError(dk, dk.indices.map { pack.difference(\.k, $0, dout) }) < 1e-6)
        #expect(relativeError(dv, dv.indices.map { pack.difference(\.v, $0, dout) }) < 1e-6)
    }

    @Test("the faster gradients agree with the plain form")
    func backward() {
        var random = RandomFloats(seed: 73)
        for pack in packs(&random) {
            let dout = random.array(pack.q.count)
            let wanted = pack.backward(plainForms, dout)
            for forms in fastForms {
                let (dq, dk, dv) = pack.backward(forms, dout)
                #expect(relativeError(dq, wanted.dq) < 5e-6, "\(name(forms)) \(pack.dimension)")
                #expect(relativeError(dk, wanted.dk) < 5e-6, "\(name(forms)) \(pack.dimension)")
                #expect(relativeError(dv, wanted.dv) < 5e-6, "\(name(forms)) \(pack.dimension)")
            }
        }
    }

    @Test("a sequence has the same bits alone, anywhere in a pack, and with its tokens shared over calls")
    func invariance() {
        var random = RandomFloats(seed: 74)
        for pack in packs(&random) {
            let dout = random.array(pack.q.count)
            for forms in offeredForms {
                let together = pack.forward(forms), gradients = pack.backward(forms, dout)
                for part in [1, 17, 64] {
                    let shared = pack.forward(forms, part: part)
                    #expect(shared.out == together.out && shared.lse == together.lse, "\(name(forms)) by \(part)")
                }
                for (start, end) in zip(pack.starts, pack.ends) {
                    var alone = pack
                    let kv = start * pack.kvHeads * pack.dimension..<end * pack.kvHeads * pack.dimension
                    let q = start * pack.heads * pack.dimension..<end * pack.heads * pack.dimension
                    alone.starts = [0]
                    alone.prefixEnd = pack.prefixEnd[start..<end].map { $0 - UInt32(start) }
                    alone.own = pack.own[start..<end].map { $0 - UInt32(start) }
                    (alone.q, alone.k, alone.v) = (Array(pack.q[q]), Array(pack.k[kv]), Array(pack.v[kv]))
                    #expect(alone.forward(forms).out == Array(together.out[q]), "\(name(forms)) from \(start)")
                    let (dq, dk, dv) = alone.backward(forms, Array(dout[q]))
                    #expect(dq == Array(gradients.dq[q]), "\(name(forms)) from \(start)")
                    #expect(
                        dk == Array(gradients.dk[kv]) && dv == Array(gradients.dv[kv]), "\(name(forms)) from \(start)")
                }
            }
        }
    }
}
