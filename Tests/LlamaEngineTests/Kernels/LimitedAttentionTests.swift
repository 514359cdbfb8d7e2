import CKernels
import Foundation
import Testing

/// Attention in windows and with capped scores.
@Suite struct LimitedAttentionTests {
    /// One head's keys and values as a cache has them. Places of positions that are not there hold NaN.
    private struct Head {
        let cache: lk_type
        let dimension: Int
        let positions: Int
        let keys: [Float]
        let values: [Float]
        private(set) var k: [UInt8]
        private(set) var v: [UInt8]

        init(_ cache: lk_type, dimension: Int, positions: Int, _ random: inout RandomFloats) {
            (self.cache, self.dimension, self.positions) = (cache, dimension, positions)
            let bytes = (positions + 15) / 16 * 16 * lk_cache_bytes(cache, dimension)
            k = [UInt8](repeating: 0xff, count: bytes)
            v = [UInt8](repeating: 0xff, count: bytes)
            // What int8 holds: whole numbers whose largest is 127.
            let wholes = { (count: Int, random: inout RandomFloats) -> [Float] in
                var numbers = random.array(count, in: -127...127).map { $0.rounded() }
                for first in stride(from: 0, to: count, by: dimension) { numbers[first] = 127 }
                return numbers.map { $0 / 64 }
            }
            let count = positions * dimension
            keys = cache == LK_INT8 ? wholes(count, &random) : Self.rounded(random.array(count, in: -2...2))
            values = cache == LK_INT8 ? wholes(count, &random) : Self.rounded(random.array(count))
            for position in 0..<positions {
                let range = position * dimension..<(position + 1) * dimension
                lk_put_key(cache, Array(keys[range]), dimension, position, &k)
                lk_put_value(cache, Array(values[range]), dimension, position, &v)
            }
        }

        /// Numbers that bf16 holds.
        static func rounded(_ values: [Float]) -> [Float] {
            values.map { Float(bitPattern: $0.bitPattern & 0xffff_0000) }
        }

        func attend(_ forms: lk_variants, _ q: [Float], cap: Float, _ hidden: [Int], _ visible: [Int]) -> [Float] {
            var state = [Float](repeating: 7, count: 2 * hidden.count), out = [Float](repeating: 7, count: q.count)
            lk_attention_start(hidden.count, dimension, &state, &out)
            forms.attention_limited(
                cache, q, hidden.count, dimension, 1 / Float(dimension).squareRoot(), cap, hidden.map(UInt32.init),
                visible.map(UInt32.init), k, v, nil, &state, &out)
            lk_attention_finish(hidden.count, dimension, state, &out)
            return out
        }

        /// In double, from its definition.
        func definition(_ q: [Float], cap: Float, _ hidden: [Int], _ visible: [Int]) -> [Float] {
            hidden.indices.flatMap { query -> [Float] in
                let seen = Array(hidden[query]..<max(hidden[query], visible[query]))
                let scores = seen.map { position -> Double in
                    let products = (0..<dimension).map {
                        Double(q[query * dimension + $0]) * Double(keys[position * dimension + $0])
                    }
                    let score = products.reduce(0, +) / Double(dimension).squareRoot()
                    return cap == 0 ? score : Double(cap) * tanh(score / Double(cap))
                }
                let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
                let total = max(weights.reduce(0, +), 1e-300)
                return (0..<dimension).map { value in
                    Float(zip(weights, seen).reduce(0) { $0 + $1.0 * Double(values[$1.1 * dimension + value]) } / total)
                }
            }
        }
    }

    private static let shapes = [
        (dimension: 64, positions: 1), (16, 40), (48, 37), (80, 70), (10, 9), (256, 35), (64, 128), (32, 300),
    ]

    @Test(
        "a window and a cap are what their definitions say, by every instruction set",
        arguments: [LK_BF16.rawValue, LK_F32.rawValue, LK_INT8.rawValue], [Float(0), 5, 50])
    func definition(cache: UInt32, cap: Float) {
        var random = RandomFloats(seed: 61)
        for (dimension, positions) in Self.shapes {
            let head = Head(lk_type(rawValue: cache), dimension: dimension, positions: positions, &random)
            // From nothing to everything, at every offset in a group of sixteen.
            let hidden = (0..<40).map { $0 * 7 % (positions + 1) }
            let visible = (0..<40).map { min(positions, hidden[$0] + $0 * 11 % (positions + 3)) }
            let q = Head.rounded(random.array(40 * dimension, in: -4...4))
            let wanted = head.definition(q, cap: cap, hidden, visible)
            for forms in offeredForms {
                let error = relativeError(head.attend(forms, q, cap: cap, hidden, visible), wanted)
                let limit: Float = cache == LK_INT8.rawValue ? 3e-4 : 1e-5
                #expect(error < limit, "\(name(forms)) \(dimension) \(positions): \(error)")
            }
        }
    }

    @Test("a query's answer is the same to the bit alone and among others", arguments: offeredForms.indices)
    func alone(index: Int) {
        var random = RandomFloats(seed: 62)
        for cache in [LK_BF16, LK_F32, LK_INT8] {
            let head = Head(cache, dimension: 64, positions: 128, &random)
            let q = random.array(9 * 64, in: -4...4)
            let hidden = (0..<9).map { $0 * 13 % 100 }, visible = hidden.map { $0 + 28 }
            let all = head.attend(offeredForms[index], q, cap: 30, hidden, visible)
            for query in 0..<9 {
                let range = query * 64..<(query + 1) * 64
                let own = head.attend(offeredForms[index], Array(q[range]), cap: 30, [hidden[query]], [visible[query]])
                #expect(own == Array(all[range]))
            }
        }
    }

    @Test("GeGLU and caps are what their formulas say, at every length, by every instruction set")
    func gates() {
        var random = RandomFloats(seed: 63)
        for n in [1, 2, 15, 16, 17, 31, 64, 100, 576] {
            let gate = random.array(n, in: -20...20), up = random.array(n, in: -2...2)
            let gated = zip(gate, up).map { gate, up in
                let g = Double(gate)
                return Float(g * (1 + tanh((2 / Double.pi).squareRoot() * (g + 0.044715 * g * g * g))) / 2) * up
            }
            let capped = gate.map { Float(7 * tanh(Double($0) / 7)) }
            for forms in offeredForms {
                var out = [Float](repeating: 0, count: n), cap = gate
                forms.geglu(gate, up, n, &out)
                forms.soft_cap(&cap, n, 7)
                #expect(relativeError(out, gated) < 2e-6, "\(name(forms)) \(n)")
                #expect(relativeError(cap, capped) < 2e-6, "\(name(forms)) \(n)")
            }
        }
        for forms in offeredForms {
            var far = [Float](repeating: 0, count: 17)
            (far[0], far[1], far[3], far[16]) = (1e30, -1e30, .infinity, -.infinity)
            forms.soft_cap(&far, 17, 30)
            #expect(far == [30, -30, 0, 30] + [Float](repeating: 0, count: 12) + [-30], "\(name(forms))")
        }
    }

    @Test("GeGLU of blocks is GeGLU, quantised", arguments: offeredForms.indices)
    func blocks(index: Int) {
        var random = RandomFloats(seed: 64)
        for rows in [1, 3, 4, 9] {
            let gate = random.array(32 * rows, in: -6...6), up = random.array(32 * rows, in: -2...2)
            var blocks = [lk_q8_block](repeating: lk_q8_block(), count: 2 * rows), wanted = blocks
            offeredForms[index].geglu_q8(gate, up, rows, &blocks, 2)
            var floats = [Float](repeating: 0, count: 32 * rows)
            offeredForms[index].geglu(gate, up, 32 * rows, &floats)
            for row in 0..<rows {
                withUnsafeTemporaryAllocation(of: lk_q8_block.self, capacity: 1) { block in
                    offeredForms[index].quantize_rows(Array(floats[32 * row..<32 * row + 32]), 1, 32, block.baseAddress)
                    wanted[2 * row] = block[0]
                }
                #expect(bytes(blocks[2 * row]) == bytes(wanted[2 * row]), "row \(row) of \(rows)")
            }
        }
    }

    private func bytes(_ block: lk_q8_block) -> [UInt8] { withUnsafeBytes(of: block) { Array($0) } }
}
