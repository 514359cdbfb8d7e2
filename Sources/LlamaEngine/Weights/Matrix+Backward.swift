import CKernels

/// The way back through a frozen product: dX = dY W, from the same memory that the product reads.
extension Matrix {
    /// Inputs of a strip, the unit in which `multiplyBack` is shared out.
    package static let stripInputs = 32

    /// Strips of all inputs; the last may be narrower.
    package var strips: Int { (inputs + Self.stripInputs - 1) / Self.stripInputs }

    /// Inputs of some strips.
    package func inputs(of strips: Range<Int>) -> Range<Int> {
        strips.lowerBound * Self.stripInputs..<min(inputs, strips.upperBound * Self.stripInputs)
    }

    /// Rows of a matrix without panels that are decoded before they are multiplied.
    private static let rowsAtOnce = 32

    /// Floats that `multiplyBack` uses as scratch memory.
    package var backwardScratch: Int {
        switch layout {
        case .panels: lk_training_scratch(0)
        case .rows: Self.rowsAtOnce * inputs
        case .blas: 0
        }
    }

    /// `rows` rows of `dy` [rows, outputs] times the weights of some strips of inputs, in f32. `dx` is where the first
    /// of those inputs goes for the first row; rows of it are `stride` apart. `adding` keeps what it holds as a
    /// summand. `scratch` is on a boundary of 64 bytes.
    package func multiplyBack(
        _ strips: Range<Int>, _ dy: UnsafePointer<Float>, rows: Int, to dx: UnsafeMutablePointer<Float>, stride: Int,
        adding: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        let part = inputs(of: strips)
        switch layout {
        case .panels(var matrix):
            lk_panel_backward_f32(
                &matrix, strips.lowerBound, strips.upperBound, dy, outputs, rows, dx, stride, adding ? 1 : 0, scratch)
        case .rows(let base):
            let rowBytes = lk_row_bytes(type, inputs)
            for first in Swift.stride(from: 0, to: outputs, by: Self.rowsAtOnce) {
                let count = min(Self.rowsAtOnce, outputs - first)
                for row in 0..<count {
                    lk_dequantize_row(type, base + (first + row) * rowBytes, scratch + row * inputs, inputs)
                }
                lk_product_f32(
                    dy + first, outputs, scratch + part.lowerBound, inputs, rows, count, part.count, dx, stride, 1,
                    adding || first > 0 ? 1 : 0)
            }
        case .blas(let base, let products):
            products.compute(
                MatrixProduct(
                    rows: rows, columns: part.count, inner: outputs, a: dy, aStride: outputs,
                    b: base + part.lowerBound, bStride: inputs, isBTransposed: false, c: dx, cStride: stride,
                    isAdding: adding))
        }
    }
}

extension Matrix {
    /// Whether this machine multiplies back in bf16 faster than in f32.
    package var hasBF16Backward: Bool {
        if case .panels = layout { lk_has_bf16_backward() != 0 } else { false }
    }

    /// As `multiplyBack` in f32, with `dy` in bf16 and weights rounded to it. Only where `hasBF16Backward` says so.
    package func multiplyBack(
        _ strips: Range<Int>, bf16 dy: UnsafePointer<UInt16>, rows: Int, to dx: UnsafeMutablePointer<Float>,
        stride: Int, adding: Bool, scratch: UnsafeMutablePointer<Float>
    ) {
        guard case .panels(var matrix) = layout else { preconditionFailure("a matrix in rows does not take bf16") }
        lk_panel_backward_bf16(
            &matrix, strips.lowerBound, strips.upperBound, dy, outputs, rows, dx, stride, adding ? 1 : 0, scratch)
    }
}

extension DecoderWeights {
    /// The most floats that `Matrix.multiplyBack` uses as scratch memory.
    package var backwardScratch: Int { matrices.reduce(0) { max($0, $1.backwardScratch) } }
}
