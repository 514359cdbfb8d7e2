import CKernels
import Foundation
import Testing

/// The rates that products reach, printed beside the limit of multiply-adds in registers: `make bench-kernels`.
@Suite(
    "Speed of the kernels", .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["BENCH_KERNELS"] != nil, "`make bench-kernels` runs it"))
struct KernelSpeedTests {
    private static let runs = 5

    /// Floating-point operations in a nanosecond of this thread's processor time: the median of the runs.
    private func rate(_ operations: Int, _ body: () -> Void) -> Double {
        body()
        let times = (0..<Self.runs).map { _ in
            let start = clock(CLOCK_THREAD_CPUTIME_ID)
            body()
            return clock(CLOCK_THREAD_CPUTIME_ID) - start
        }
        return Double(operations) / times.sorted()[Self.runs / 2]
    }

    private func clock(_ id: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(id, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    private func row(_ title: String, _ rates: [(String, Double)], of peak: Double) {
        let cells = rates.map { String(format: "  %@ %6.1f (%3.0f%%)", $0.0, $0.1, 100 * $0.1 / peak) }
        print(title.padding(toLength: 24, withPad: " ", startingAt: 0) + cells.joined())
    }

    @Test("products, GFLOP/s of one thread", arguments: fastForms.map(name))
    func products(isa: String) throws {
        let forms = try #require(fastForms.first { name($0) == isa }), training = forms.training.pointee
        let rounds = 3_000_000
        let peak = rate(2 * rounds * Int(training.tile_sums)) { _ = training.multiply_adds(rounds) }
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        print(String(format: "%@: limit %.1f GFLOP/s; median of %d; load %@", isa, peak, Self.runs, load))
        var random = RandomFloats(seed: 95)
        for (rows, outputs, inputs, type) in [
            (1024, 576, 576, LK_Q4_1), (1024, 192, 576, LK_Q4_1), (1024, 1536, 576, LK_Q4_1),
            (1024, 576, 1536, LK_Q4_1), (256, 1536, 576, LK_Q4_1), (1024, 576, 576, LK_F32), (128, 8192, 576, LK_Q8_0),
        ] {
            let weights = PackedWeights(type, outputs: outputs, inputs: inputs, &random)
            var matrix = weights.matrix
            let x = random.array(rows * inputs), dy = random.array(rows * outputs)
            var y = dy, dx = x, dw = [Float](repeating: 0, count: outputs * inputs)
            let operations = 2 * rows * outputs * inputs
            let rates = withTrainingScratch { scratch in
                [
                    (
                        "forward",
                        rate(operations) {
                            forms.panel_matmul_f32(&matrix, 0, weights.panels, x, rows, &y, outputs, 0)
                        }
                    ),
                    (
                        "dX",
                        rate(operations) {
                            training.panel_backward_f32(
                                &matrix, 0, inputs / 32, dy, outputs, rows, &dx, inputs, 0, scratch)
                        }
                    ),
                    (
                        "dW",
                        rate(operations) {
                            training.weight_gradient_f32(
                                dy, outputs, x, inputs, rows, 0, outputs, inputs, &dw, inputs, scratch)
                        }
                    ),
                ]
            }
            let named = elementTypes.first { $0.type == type }?.name ?? ""
            row("\(rows)x\(inputs)x\(outputs) \(named)", rates, of: peak)
            guard isa == "avx512-bf16" else { continue }
            var halves = [UInt16](repeating: 0, count: rows * max(outputs, inputs))
            forms.bf16_from_f32(dy, &halves, dy.count)
            let bf16 = withTrainingScratch { scratch in
                [
                    (
                        "forward",
                        rate(operations) {
                            forms.panel_matmul_bf16(&matrix, 0, weights.panels, halves, rows, &y, outputs, 0)
                        }
                    ),
                    (
                        "dX",
                        rate(operations) {
                            training.panel_backward_bf16(
                                &matrix, 0, inputs / 32, halves, outputs, rows, &dx, inputs, 0, scratch)
                        }
                    ),
                ]
            }
            row("  bf16, of twice that", bf16, of: 2 * peak)
        }
        attention(forms, peak, &random)
    }

    private func attention(_ forms: lk_variants, _ peak: Double, _ random: inout RandomFloats) {
        let training = forms.training.pointee, heads = 9, kvHeads = 3, dimension = 64
        for tokens in [256, 1024] {
            let q = random.array(tokens * heads * dimension), k = random.array(tokens * kvHeads * dimension)
            let starts = [UInt32](repeating: 0, count: tokens)
            var out = q, lse = random.array(tokens * heads), dq = q, dk = k, dv = k
            let operations = 2 * heads * dimension * tokens * (tokens + 1)
            withTrainingScratch(headDimension: dimension) { scratch in
                q.withUnsafeBufferPointer { q in
                    k.withUnsafeBufferPointer { k in
                        starts.withUnsafeBufferPointer { starts in
                            var a = lk_packed_attention(
                                heads: heads, kv_heads: kvHeads, head_dim: dimension, scale: 0.125, q: q.baseAddress,
                                k: k.baseAddress, v: k.baseAddress, prefix_end: starts.baseAddress,
                                own: starts.baseAddress)
                            let forward = rate(operations) {
                                for head in 0..<kvHeads {
                                    training.packed_attention_forward(&a, head, 0, 0, tokens, &out, &lse, scratch)
                                }
                            }
                            let backward = rate(operations * 5 / 2) {
                                for head in 0..<kvHeads {
                                    training.packed_attention_backward(
                                        &a, head, 0, tokens, out, lse, q.baseAddress, &dq, &dk, &dv, scratch)
                                }
                            }
                            row(
                                "attention, \(tokens) tokens", [("forward", forward), ("backward", backward)], of: peak)
                        }
                    }
                }
            }
        }
    }
}
