/// Products of plain f32 matrices by a library that the engine does not know, a BLAS. A `Model` that is loaded with one
/// keeps its matrices as f32 [outputs, inputs], and every product of matrices in its passes is a call of `compute`, but
/// for those of adapters.
package protocol MatrixProducts: Sendable {
    /// For logs: the library, its version, what it was made for.
    var name: String { get }

    /// Computes on the calling thread and returns when it is done. The engine's threads call it at the same time, each
    /// for outputs of its own.
    func compute(_ product: MatrixProduct)
}

/// c [rows, columns] = scale * a [rows, inner] × b [inner, columns], all of f32 and row-major. c overlaps neither a nor
/// b.
package struct MatrixProduct {
    package let rows: Int
    package let columns: Int
    package let inner: Int
    package let a: UnsafePointer<Float>
    /// Floats from one row to the next.
    package let aStride: Int
    package let b: UnsafePointer<Float>
    package let bStride: Int
    /// b lies as [columns, inner], the order of weights and of keys.
    package let isBTransposed: Bool
    package let c: UnsafeMutablePointer<Float>
    package let cStride: Int
    package var scale: Float = 1
    /// Whether the product is added to c; otherwise c is overwritten.
    package var isAdding = false
}
