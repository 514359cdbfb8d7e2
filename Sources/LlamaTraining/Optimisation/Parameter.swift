import CKernels
import LlamaEngine

/// A trained tensor [rows, columns]: its values, its gradient and the optimiser's moments.
///
/// A whole matrix of the base lies in panels, so that its products run as those of a frozen one do; its moments lie
/// likewise. Gradients are always row-major.
final class Parameter {
    enum Layout {
        case rows
        /// f32 panels: value (o, i) is at (o / 32) · 32 · columns + 32 i + o % 32.
        case panels
    }

    /// `layers.3.q_proj.lora_A`, `layers.3.q_proj.weight`, `embedding.weight`.
    let name: String
    let shape: [Int]
    let layout: Layout
    private let memory: FloatBuffer
    private let gradients: FloatBuffer
    private let moments: FloatBuffer?

    /// - Parameter hasMoments: whether the optimiser keeps two moments of each number.
    init(_ name: String, _ shape: [Int], layout: Layout = .rows, hasMoments: Bool) throws(TrainingError) {
        (self.name, self.shape, self.layout) = (name, shape, layout)
        let rows = shape.count == 2 ? shape[0] : 1
        let columns = shape[shape.count - 1]
        (self.rows, self.columns) = (rows, columns)
        stored = layout == .panels ? (rows + 31) / 32 * 32 * columns : rows * columns
        memory = try FloatBuffer(stored)
        gradients = try FloatBuffer(rows * columns)
        moments = hasMoments ? try FloatBuffer(2 * stored) : nil
        memory.clear()
        moments?.clear()
    }

    let rows: Int
    let columns: Int
    /// Numbers in memory: in panels the last is filled up with zeroes.
    let stored: Int

    /// Numbers trained.
    var count: Int { rows * columns }
    /// Weight decay is for matrices alone.
    var isMatrix: Bool { shape.count == 2 }
    var values: UnsafeMutablePointer<Float> { memory.base }
    /// [rows, columns]
    var gradient: UnsafeMutablePointer<Float> { gradients.base }
    /// The running means of the gradient and of its square, as `values` lies; nil where the optimiser has none.
    var firstMoment: UnsafeMutablePointer<Float>? { moments?.base }
    var secondMoment: UnsafeMutablePointer<Float>? { moments.map { $0.base + stored } }

    func clearGradient() { gradients.clear() }

    /// The matrix that products read; changes with `values`.
    func matrix() -> Matrix {
        switch layout {
        case .panels:
            Matrix(
                panels: lk_panel_matrix(
                    type: LK_F32, panels: UnsafeRawPointer(values).assumingMemoryBound(to: UInt8.self), outputs: rows,
                    inputs: columns))
        case .rows: Matrix(type: LK_F32, outputs: rows, inputs: columns, rows: values)
        }
    }

    /// Where a row begins in a tensor that lies as `values`, and how far its numbers lie apart.
    private func line(_ row: Int) -> (start: Int, stride: Int) {
        layout == .panels ? (row / 32 * 32 * columns + row % 32, 32) : (row * columns, 1)
    }

    /// The numbers of `tensor`, which lies as `values`, in row-major order.
    func released(_ tensor: UnsafeMutablePointer<Float>) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { out, written in
            for row in 0..<rows {
                let (start, stride) = line(row)
                for column in 0..<columns { out[row * columns + column] = tensor[start + stride * column] }
            }
            written = count
        }
    }

    /// Fills `tensor`, which lies as `values`, from row-major numbers, of which there must be `count`.
    func fill(_ tensor: UnsafeMutablePointer<Float>, from numbers: [Float]) {
        for row in 0..<rows {
            let (start, stride) = line(row)
            for column in 0..<columns { tensor[start + stride * column] = numbers[row * columns + column] }
        }
    }
}
