/// Matrix products by two functions of BLAS's C interface (Basic Linear Algebra Subprograms Technical Forum Standard,
/// 2001, appendix B). The engine is linked with no BLAS: a caller that has one passes its functions.
package struct CBLAS: MatrixProducts {
    /// `cblas_sgemm`: order, the two transpositions, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc.
    package typealias SGEMM =
        @convention(c) (
            UInt32, UInt32, UInt32, Int32, Int32, Int32, Float, UnsafePointer<Float>?, Int32, UnsafePointer<Float>?,
            Int32, Float, UnsafeMutablePointer<Float>?, Int32
        ) -> Void
    /// `cblas_sgemv`: order, transposition, m, n, alpha, a, lda, x, its step, beta, y, its step.
    package typealias SGEMV =
        @convention(c) (
            UInt32, UInt32, Int32, Int32, Float, UnsafePointer<Float>?, Int32, UnsafePointer<Float>?, Int32, Float,
            UnsafeMutablePointer<Float>?, Int32
        ) -> Void

    /// Tokens of a prompt that are best computed at once: a BLAS brings the weights into an order of its own in every
    /// product, which only many tokens repay.
    package static let prefillTokens = 512

    package let name: String
    private let sgemm: SGEMM
    private let sgemv: SGEMV

    /// Both functions must compute on the calling thread and bear several callers at once.
    package init(name: String, sgemm: SGEMM, sgemv: SGEMV) {
        (self.name, self.sgemm, self.sgemv) = (name, sgemm, sgemv)
    }

    private static let rowMajor: UInt32 = 101
    private static let asItIs: UInt32 = 111
    private static let transposed: UInt32 = 112

    package func compute(_ product: MatrixProduct) {
        let beta: Float = product.isAdding ? 1 : 0
        // Dimensions of models have bounds far below 2^31 (`ModelConfiguration`).
        let (rows, columns, inner) = (Int32(product.rows), Int32(product.columns), Int32(product.inner))
        let (aStride, bStride, cStride) = (Int32(product.aStride), Int32(product.bStride), Int32(product.cStride))
        if rows == 1 {
            let (height, width) = product.isBTransposed ? (columns, inner) : (inner, columns)
            sgemv(
                Self.rowMajor, product.isBTransposed ? Self.asItIs : Self.transposed, height, width, product.scale,
                product.b, bStride, product.a, 1, beta, product.c, 1)
        } else {
            sgemm(
                Self.rowMajor, Self.asItIs, product.isBTransposed ? Self.transposed : Self.asItIs, rows, columns, inner,
                product.scale, product.a, aStride, product.b, bStride, beta, product.c, cStride)
        }
    }
}
