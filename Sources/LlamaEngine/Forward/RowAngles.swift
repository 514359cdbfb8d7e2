import CKernels
import Checkpoints
import Parallel

/// The angles by which a pass turns the heads of each row: cosines and sines of the row's position,
/// [rows, dimension / 2].
final class RowAngles {
    /// nil: nothing is turned.
    private let rope: RopeConfiguration?
    private let cosines = ScratchBuffer<Float>()
    private let sines = ScratchBuffer<Float>()

    init(_ rope: RopeConfiguration?) {
        self.rope = rope
    }

    private var pairs: Int { (rope?.dimension ?? 0) / 2 }

    func reserve(rows: Int) throws(OutOfMemoryError) {
        try cosines.reserve(rows * pairs)
        try sines.reserve(rows * pairs)
    }

    func fill(row: Int, position: Int, _ table: RopeTable) {
        table.fill(position: position, cosines: cosines.base + row * pairs, sines: sines.base + row * pairs)
    }

    /// Turns `heads` heads of one row, each `headDimension` values, in place.
    func turn(_ x: UnsafeMutablePointer<Float>, heads: Int, headDimension: Int, row: Int) {
        guard let rope else { return }
        let (cosines, sines) = (cosines.base + row * pairs, sines.base + row * pairs)
        switch rope.order {
        case .interleaved: lk_rope_interleaved(x, heads, headDimension, rope.dimension, cosines, sines)
        case .half: lk_rope_half(x, heads, headDimension, rope.dimension, cosines, sines)
        }
    }
}
