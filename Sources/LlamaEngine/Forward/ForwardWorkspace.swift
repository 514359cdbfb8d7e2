import CKernels
import Checkpoints
import Parallel

/// The memory between the steps of one forward pass. Each matrix is row-major, one row per token of the pass.
final class ForwardWorkspace {
    private let configuration: ModelConfiguration

    /// The residual stream, [rows, hidden].
    let residual = ScratchBuffer<Float>()
    /// The input of the next product, [rows, its width], and the same as int8 and bf16.
    let input = ScratchBuffer<Float>()
    let quantised = ScratchBuffer<lk_q8_block>()
    let bf16 = ScratchBuffer<UInt16>()
    /// [rows, heads * headDimension]
    let queries = ScratchBuffer<Float>()
    let attended = ScratchBuffer<Float>()
    /// [rows, keyValueHeads * headDimension]
    let keys = ScratchBuffer<Float>()
    let values = ScratchBuffer<Float>()
    /// The input of the feed-forward's second half, [rows, activatedWidth].
    let activated = ScratchBuffer<Float>()
    let activatedQuantised = ScratchBuffer<lk_q8_block>()
    let activatedBF16 = ScratchBuffer<UInt16>()
    /// The answer of attention or the feed-forward part, [rows, hidden], where it is not added as it is.
    let branch = ScratchBuffer<Float>()
    let angles: RowAngles
    /// Those of layers with a rotation of their own.
    let windowAngles: RowAngles
    /// [rows, lowRankColumns]: A x of the rows that have adapters.
    let lowRank = ScratchBuffer<Float>()
    private(set) var lowRankColumns = 0
    /// [rows, hidden]: what products of rows with DoRA's factors are added to (`Decoder.setAside`).
    let aside = ScratchBuffer<Float>()
    /// The head's input where it takes int16, [rows of logits, hidden / 32].
    let headInput = ScratchBuffer<lk_q16_block>()
    /// [rows of logits, vocabulary]
    let logits = ScratchBuffer<Float>()

    init(_ configuration: ModelConfiguration) {
        self.configuration = configuration
        angles = RowAngles(configuration.rope)
        windowAngles = RowAngles(configuration.variant.windowRope)
    }

    /// Widest input of any product.
    private var inputWidth: Int {
        max(configuration.hidden, configuration.heads * configuration.headDimension)
    }

    /// - Throws: `OutOfMemoryError`.
    func reserve(rows: Int, headRows: Int) throws(OutOfMemoryError) {
        let c = configuration
        let inputRows = max(rows, headRows)
        try residual.reserve(rows * c.hidden)
        try input.reserve(inputRows * c.hidden)
        try quantised.reserve(inputRows * (inputWidth / 32 + 1))
        try bf16.reserve(inputRows * inputWidth)
        try queries.reserve(rows * c.heads * c.headDimension)
        try attended.reserve(rows * c.heads * c.headDimension)
        try keys.reserve(rows * c.keyValueHeads * c.headDimension)
        try values.reserve(rows * c.keyValueHeads * c.headDimension)
        try activated.reserve(rows * c.activatedWidth)
        try activatedQuantised.reserve(rows * (c.activatedWidth / 32 + 1))
        try activatedBF16.reserve(rows * c.activatedWidth)
        try angles.reserve(rows: rows)
        try windowAngles.reserve(rows: rows)
        try headInput.reserve(headRows * (c.hidden / 32 + 1))
        try logits.reserve(headRows * c.vocabulary)
    }

    func reserve(lowRank rows: Int, columns: Int) throws(OutOfMemoryError) {
        lowRankColumns = columns
        try lowRank.reserve(rows * columns)
    }

    func reserve(branch rows: Int) throws(OutOfMemoryError) { try branch.reserve(rows * configuration.hidden) }

    func reserve(aside rows: Int) throws(OutOfMemoryError) { try aside.reserve(rows * configuration.hidden) }
}
