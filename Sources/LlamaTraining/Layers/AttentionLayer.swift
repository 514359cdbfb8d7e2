import CKernels
import Checkpoints
import LlamaEngine

/// The rotations of a pack's positions: cosines and sines, each [tokens, rotary dimension / 2].
final class Rotations {
    private let memory: FloatBuffer
    private(set) var cosines: UnsafeMutablePointer<Float>
    private(set) var sines: UnsafeMutablePointer<Float>

    init() throws(TrainingError) {
        memory = try FloatBuffer(1)
        (cosines, sines) = (memory.base, memory.base)
    }

    func fill(_ positions: [Int32], pairs: Int, table: RopeTable, _ bench: Workbench) throws(TrainingError) {
        try memory.reserve(2 * positions.count * pairs)
        (cosines, sines) = (memory.base, memory.base + positions.count * pairs)
        bench.rows(positions.count, grain: 16) { part in
            for row in part {
                table.fill(position: Int(positions[row]), cosines: cosines + row * pairs, sines: sines + row * pairs)
            }
        }
    }
}

/// Heads to what they attend to: norms of heads where the family has them, rotary positions (Su et al. 2021,
/// arXiv:2104.09864), and attention over the sequences of a pack, of which the logarithm of the softmax's sum is kept
/// instead of its probabilities (Dao et al. 2022, arXiv:2205.14135).
///
/// q: [tokens, heads, dimension]; k, v: [tokens, keyValueHeads, dimension].
struct AttentionLayer {
    let configuration: ModelConfiguration
    let queryNorm: NormLayer?
    let keyNorm: NormLayer?

    /// Norms and turns the heads of queries or keys.
    /// - Parameter products: what the product gave, [tokens, heads · dimension]; may be `out`.
    func turn(
        _ products: UnsafeMutablePointer<Float>, heads: Int, norm: NormLayer?, tokens: Int,
        to out: UnsafeMutablePointer<Float>, _ rotations: Rotations, _ bench: Workbench
    ) {
        let dimension = configuration.headDimension
        let width = heads * dimension
        if let norm {
            norm.forward(products, rows: tokens * heads, to: out, bench)
        } else if out != products {
            out.update(from: products, count: tokens * width)
        }
        let rope = configuration.rope
        let pairs = rope.dimension / 2
        bench.rows(tokens, grain: 8) { part in
            for row in part {
                let (x, cosines, sines) = (
                    out + row * width, rotations.cosines + row * pairs, rotations.sines + row * pairs
                )
                switch rope.order {
                case .interleaved: lk_rope_interleaved(x, heads, dimension, rope.dimension, cosines, sines)
                case .half: lk_rope_half(x, heads, dimension, rope.dimension, cosines, sines)
                }
            }
        }
    }

    /// From the gradient of what `turn` gave to that of `products`, in place.
    func turnBack(
        _ dx: UnsafeMutablePointer<Float>, products: UnsafePointer<Float>, heads: Int, norm: NormLayer?, tokens: Int,
        _ rotations: Rotations, _ bench: Workbench
    ) throws(TrainingError) {
        let rope = configuration.rope
        let (dimension, pairs) = (configuration.headDimension, rope.dimension / 2)
        let width = heads * dimension
        bench.rows(tokens, grain: 8) { part in
            for row in part {
                let (x, cosines, sines) = (
                    dx + row * width, rotations.cosines + row * pairs, rotations.sines + row * pairs
                )
                switch rope.order {
                case .interleaved: lk_rope_interleaved_backward(x, heads, dimension, rope.dimension, cosines, sines)
                case .half: lk_rope_half_backward(x, heads, dimension, rope.dimension, cosines, sines)
                }
            }
        }
        try norm?.backward(x: products, dy: dx, rows: tokens * heads, to: dx, adding: false, bench)
    }

    /// Tokens of a sequence that a thread computes before it looks for more.
    private static let tokensAtOnce = 64

    /// out: [tokens, heads · dimension]; sums: [tokens, heads].
    func forward(
        q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>, _ pack: Pack,
        to out: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) {
        var pieces: [(start: Int, tokens: Range<Int>)] = []
        for sequence in pack.sequences {
            for first in stride(from: sequence.lowerBound, to: sequence.upperBound, by: Self.tokensAtOnce) {
                pieces.append((sequence.lowerBound, first..<min(sequence.upperBound, first + Self.tokensAtOnce)))
            }
        }
        let groups = configuration.keyValueHeads
        withAttention(q: q, k: k, v: v, pack) { attention in
            bench.pool.run(chunks: pieces.count * groups) { worker, chunk in
                let piece = pieces[chunk / groups]
                lk_packed_attention_forward(
                    attention, chunk % groups, piece.start, piece.tokens.lowerBound, piece.tokens.upperBound, out, sums,
                    bench.scratch(worker))
            }
        }
    }

    /// With P = exp(scale q kᵀ - sums), D = Σ dout out: dv = Pᵀ dout; dS = P (dout vᵀ - D); dq = scale dS k;
    /// dk = scale dSᵀ q. What dq, dk and dv held is overwritten.
    func backward(
        q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>, _ pack: Pack,
        out: UnsafePointer<Float>, sums: UnsafePointer<Float>, dout: UnsafePointer<Float>,
        dq: UnsafeMutablePointer<Float>, dk: UnsafeMutablePointer<Float>, dv: UnsafeMutablePointer<Float>,
        _ bench: Workbench
    ) {
        let groups = configuration.keyValueHeads
        let sequences = pack.sequences
        withAttention(q: q, k: k, v: v, pack) { attention in
            bench.pool.run(chunks: sequences.count * groups) { worker, chunk in
                let sequence = sequences[chunk / groups]
                lk_packed_attention_backward(
                    attention, chunk % groups, sequence.lowerBound, sequence.upperBound, out, sums, dout, dq, dk, dv,
                    bench.scratch(worker))
            }
        }
    }

    private func withAttention(
        q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>, _ pack: Pack,
        _ body: (UnsafePointer<lk_packed_attention>) -> Void
    ) {
        pack.prefixEnd.withUnsafeBufferPointer { prefixEnd in
            pack.own.withUnsafeBufferPointer { own in
                var attention = lk_packed_attention(
                    heads: configuration.heads, kv_heads: configuration.keyValueHeads,
                    head_dim: configuration.headDimension, scale: 1 / Float(configuration.headDimension).squareRoot(),
                    q: q, k: k, v: v, prefix_end: prefixEnd.baseAddress, own: own.baseAddress)
                body(&attention)
            }
        }
    }
}
