import CKernels
import Foundation
import Testing

@testable import LlamaEngine

@Suite("Attention kernels")
struct AttentionTests {
    /// The numbers of some positions as a cache keeps them.
    private static func rounded(_ values: [Float], _ cache: lk_type = LK_BF16, dimension: Int = 1) -> [Float] {
        guard cache != LK_INT8 else { return eightBits(values, dimension: dimension) }
        var halves = [UInt16](repeating: 0, count: values.count)
        var floats = values
        lk_bf16_from_f32(values, &halves, values.count)
        lk_dequantize_row(LK_BF16, halves, &floats, values.count)
        return floats
    }

    /// 127ths of the largest magnitude of each position.
    private static func eightBits(_ values: [Float], dimension: Int) -> [Float] {
        stride(from: 0, to: values.count, by: dimension).flatMap { start -> [Float] in
            let position = values[start..<start + dimension]
            let largest = position.reduce(0) { max($0, abs($1)) }
            return position.map { ($0 * (127 / largest)).rounded(.toNearestOrEven) * (largest / 127) }
        }
    }

    /// One head's keys and values, as floats [positions, dimension] and in the layout of a cache.
    private struct Head {
        let dimension: Int
        let keys: [Float]
        let values: [Float]
        let positions: Int
        let cache: lk_type
        private var k: [UInt8]
        private var v: [UInt8]

        init(_ cache: lk_type, dimension: Int, positions: Int, _ random: inout RandomFloats) {
            (self.cache, self.dimension, self.positions) = (cache, dimension, positions)
            keys = AttentionTests.rounded(random.array(positions * dimension, in: -2...2), cache, dimension: dimension)
            values = AttentionTests.rounded(random.array(positions * dimension), cache, dimension: dimension)
            let bytes = (positions + 15) / 16 * 16 * lk_cache_bytes(cache, dimension)
            // Places of positions that are not there hold NaN, which must not be seen.
            k = [UInt8](repeating: 0xff, count: bytes)
            v = [UInt8](repeating: 0xff, count: bytes)
            for position in 0..<positions {
                let range = position * dimension..<(position + 1) * dimension
                lk_put_key(cache, Array(keys[range]), dimension, position, &k)
                lk_put_value(cache, Array(values[range]), dimension, position, &v)
            }
        }

        /// Attention over positions in runs of `run` (a multiple of 64), joined from a fresh start at each of `joints`.
        func attend(
            _ forms: lk_variants, _ q: [Float], sees: [Int], run: Int = 64, joints: [Int] = []
        ) -> [Float] {
            var state = [Float](repeating: 7, count: 2 * sees.count), out = [Float](repeating: 7, count: q.count)
            lk_attention_start(sees.count, dimension, &state, &out)
            let bounds = [0] + joints + [positions]
            let bytes = lk_cache_bytes(cache, dimension)
            for (lower, upper) in zip(bounds, bounds.dropFirst()) {
                var partState = state, part = out
                lk_attention_start(sees.count, dimension, &partState, &part)
                for begin in stride(from: lower, to: upper, by: run) {
                    let count = min(run, upper - begin)
                    let visible = sees.map { UInt32(max(0, min(count, $0 - begin))) }
                    k.withUnsafeBytes { k in
                        v.withUnsafeBytes { v in
                            forms.attention(
                                cache, q, sees.count, dimension, 1 / Float(dimension).squareRoot(), visible,
                                k.baseAddress! + begin * bytes, v.baseAddress! + begin * bytes, nil, &partState, &part)
                        }
                    }
                }
                if lower == 0 {
                    (state, out) = (partState, part)
                } else {
                    lk_attention_join(sees.count, dimension, partState, part, &state, &out)
                }
            }
            lk_attention_finish(sees.count, dimension, state, &out)
            return out
        }

        /// Softmax attention in double, from its definition.
        func definition(_ q: [Float], sees: [Int]) -> [Float] {
            let scale = 1 / Double(dimension).squareRoot()
            var out: [Float] = []
            for (query, count) in sees.enumerated() {
                var scores: [Double] = []
                for p in 0..<count {
                    var score = 0.0
                    for i in 0..<dimension {
                        score += Double(q[query * dimension + i]) * Double(keys[p * dimension + i])
                    }
                    scores.append(score * scale)
                }
                let largest = scores.max() ?? 0, weights = scores.map { exp($0 - largest) }
                let total = max(weights.reduce(0, +), 1e-300)
                for i in 0..<dimension {
                    var sum = 0.0
                    for p in 0..<count { sum += weights[p] * Double(values[p * dimension + i]) }
                    out.append(Float(sum / total))
                }
            }
            return out
        }
    }

    @Test(
        "attention over runs is attention over all positions, by every instruction set",
        arguments: [LK_BF16.rawValue, LK_F32.rawValue, LK_INT8.rawValue])
    func runs(cache: UInt32) {
        var random = RandomFloats(seed: 32)
        for (queries, dimension, positions) in [
            (1, 64, 1), (3, 64, 33), (3, 64, 100), (2, 16, 40), (5, 48, 37), (1, 80, 70), (2, 10, 9), (1, 256, 35),
            (1, 320, 3), (6, 64, 131), (13, 128, 67), (48, 64, 95), (103, 64, 200), (7, 16, 129), (4, 9, 70), (2, 1, 5),
        ] where cache != LK_BF16.rawValue || dimension % 2 == 0 {
            let head = Head(lk_type(rawValue: cache), dimension: dimension, positions: positions, &random)
            let q = AttentionTests.rounded(random.array(queries * dimension, in: -4...4))
            // As with a causal mask: the last query sees all, the one before it a position less.
            let sees = (0..<queries).map { max(0, positions - (queries - 1 - $0)) }
            let wanted = head.definition(q, sees: sees)
            for forms in offeredForms {
                // Instructions for bf16 round the weights to eight bits; those for int16 the queries too, to fifteen.
                let isRounding = cache == LK_BF16.rawValue && name(forms) == "avx512-bf16"
                let limit: Float = isRounding ? 3e-3 : cache == LK_INT8.rawValue ? 3e-4 : 5e-6
                for joints in [[], [64].filter { $0 < positions }] {
                    let error = relativeError(head.attend(forms, q, sees: sees, joints: joints), wanted)
                    #expect(
                        error < limit,
                        "\(name(forms)) \(queries) queries of \(dimension), \(positions) positions")
                }
            }
        }
    }

    @Test("a query's sum is the same bits alone and among others, in one run and in several")
    func invariance() {
        var random = RandomFloats(seed: 33)
        let dimension = 64, positions = 150, queries = 20
        for cache in [LK_BF16, LK_F32, LK_INT8] {
            let head = Head(cache, dimension: dimension, positions: positions, &random)
            let q = random.array(queries * dimension, in: -4...4)
            let sees = (0..<queries).map { positions - 3 * $0 }
            for forms in fastForms {
                let together = head.attend(forms, q, sees: sees)
                for query in 0..<queries {
                    let range = query * dimension..<(query + 1) * dimension
                    let alone = head.attend(forms, Array(q[range]), sees: [sees[query]], run: 128)
                    #expect(alone == Array(together[range]), "\(name(forms)) query \(query)")
                }
            }
        }
    }

    @Test("what is not a number, or infinite, in a cache of int8 stays to be seen", arguments: offeredForms.indices)
    func notNumbers(index: Int) {
        for bad in [Float.nan, -.nan, .infinity, -.infinity] {
            for isKey in [true, false] {
                var k = [UInt8](repeating: 0, count: 32 * lk_cache_bytes(LK_INT8, 16)), v = k
                for position in 0..<20 {
                    var vector = (0..<16).map { Float($0 + position) }
                    lk_put_key(LK_INT8, vector, 16, position, &k)
                    lk_put_value(LK_INT8, vector, 16, position, &v)
                    guard position == 11 else { continue }
                    vector[3] = bad
                    if isKey {
                        lk_put_key(LK_INT8, vector, 16, position, &k)
                    } else {
                        lk_put_value(LK_INT8, vector, 16, position, &v)
                    }
                }
                var state: [Float] = [0, 0], out = [Float](repeating: 0, count: 16)
                lk_attention_start(1, 16, &state, &out)
                let q = [Float](repeating: 0.01, count: 16)
                offeredForms[index].attention(LK_INT8, q, 1, 16, 1, [20], k, v, nil, &state, &out)
                lk_attention_finish(1, 16, state, &out)
                #expect(out.allSatisfy { !$0.isFinite }, "\(bad) in a \(isKey ? "key" : "value")")
            }
        }
    }

    @Test("attention over no position is zero")
    func nothing() {
        var state: [Float] = [1, 1], out = [Float](repeating: 7, count: 16)
        lk_attention_start(1, 16, &state, &out)
        let empty = (state, out)
        lk_attention_join(1, 16, empty.0, empty.1, &state, &out)
        lk_attention_finish(1, 16, state, &out)
        #expect(out == [Float](repeating: 0, count: 16))
    }
}
