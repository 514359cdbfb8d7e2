import CKernels
import Parallel

/// The memory between the steps of one pass. Each matrix is row-major, one row per token of the pass.
final class EncoderWorkspace {
    /// The input of the next norm, [rows, hidden].
    let residual = ScratchBuffer<Float>()
    /// The input of the next product, [rows, hidden], and the same as int8 and bf16.
    let input = ScratchBuffer<Float>()
    let bf16 = ScratchBuffer<UInt16>()
    let quantised = ScratchBuffer<lk_q8_block>()
    /// [rows, hidden]
    let queries = ScratchBuffer<Float>()
    let keys = ScratchBuffer<Float>()
    let values = ScratchBuffer<Float>()
    let attended = ScratchBuffer<Float>()
    /// The input of the feed-forward's second half, [rows, feedForward]: f32 on the exact path, else int8.
    let activated = ScratchBuffer<Float>()
    let activatedQuantised = ScratchBuffer<lk_q8_block>()
    /// [threads, productFloats]: products of a block of rows with one panel.
    let products = ScratchBuffer<Float>()
    let productFloats = Encoder.blockRows * Matrix.panelOutputs
    /// [threads, floats of `HeadMemory`]: one head of one sequence, and how many positions each of its tokens sees.
    let heads = ScratchBuffer<Float>()
    let visible = ScratchBuffer<UInt32>()

    /// - Throws: `OutOfMemoryError`.
    func reserve(
        rows: Int, longest: Int, threads: Int, _ configuration: EncoderConfiguration, _ precision: Precision
    ) throws(OutOfMemoryError) {
        let (hidden, feedForward) = (configuration.hidden, configuration.feedForward)
        for buffer in [residual, input, queries, keys, values, attended] { try buffer.reserve(rows * hidden) }
        if precision == .exact {
            try activated.reserve(rows * feedForward)
        } else {
            try quantised.reserve(rows * (hidden / 32))
            try bf16.reserve(rows * hidden)
            try activatedQuantised.reserve(rows * (feedForward / 32))
        }
        try products.reserve(threads * productFloats)
        try heads.reserve(threads * HeadMemory.floats(longest, configuration.headDimension))
        try visible.reserve(threads * longest)
    }
}

/// One head of one sequence as the attention kernel reads it.
struct HeadMemory {
    /// [positions, headDimension]
    let queries: UnsafeMutablePointer<Float>
    /// [positions / 16 rounded up, headDimension, 16]
    let keys: UnsafeMutablePointer<Float>
    /// [positions, headDimension]
    let values: UnsafeMutablePointer<Float>
    let sums: UnsafeMutablePointer<Float>
    /// [positions, 2]
    let state: UnsafeMutablePointer<Float>

    init(_ base: UnsafeMutablePointer<Float>, positions: Int, dimension: Int) {
        let matrix = Self.matrix(positions, dimension)
        (keys, values, queries, sums) = (base, base + matrix, base + 2 * matrix, base + 3 * matrix)
        state = base + 4 * matrix
    }

    static func floats(_ positions: Int, _ dimension: Int) -> Int {
        4 * matrix(positions, dimension) + matrix(positions, 2)
    }

    private static func matrix(_ positions: Int, _ dimension: Int) -> Int { (positions + 15) / 16 * 16 * dimension }
}
