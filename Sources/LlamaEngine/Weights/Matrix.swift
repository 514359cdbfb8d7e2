import CKernels

/// A weight matrix W [outputs, inputs]: in panels (`CKernels`), or where its type has no panels as rows of blocks
/// where they lie in the checkpoint; or, for another library's products, as rows of f32. The owner of one must keep
/// the memory alive too (`Model` does).
package struct Matrix: @unchecked Sendable {
    enum Layout {
        case panels(lk_panel_matrix)
        case rows(UnsafeRawPointer)
        case blas(UnsafePointer<Float>, any MatrixProducts)
    }

    package let type: lk_type
    package let outputs: Int
    package let inputs: Int
    let layout: Layout
    /// The narrowest activations that it can be multiplied with on this machine.
    package let narrowest: Activations

    package enum Activations: Sendable {
        case f32, bf16, int8
    }

    package init(panels: lk_panel_matrix) {
        (type, outputs, inputs) = (panels.type, panels.outputs, panels.inputs)
        layout = .panels(panels)
        narrowest = lk_has_q8(type) != 0 ? .int8 : lk_has_bf16(type) != 0 ? .bf16 : .f32
    }

    package init(type: lk_type, outputs: Int, inputs: Int, rows: UnsafeRawPointer) {
        (self.type, self.outputs, self.inputs) = (type, outputs, inputs)
        layout = .rows(rows)
        narrowest = .f32
    }

    init(blas: UnsafePointer<Float>, outputs: Int, inputs: Int, products: any MatrixProducts) {
        (type, self.outputs, self.inputs) = (LK_F32, outputs, inputs)
        layout = .blas(blas, products)
        narrowest = .f32
    }

    /// The activations that a product of this precision reads.
    func activations(_ precision: Precision) -> Activations { precision == .quantized ? narrowest : .f32 }

    /// Outputs of a panel, the unit in which products are shared out.
    package static let panelOutputs = 32

    /// Panels of all outputs; a matrix in rows counts them as if it had some.
    package var panels: Int { (outputs + Self.panelOutputs - 1) / Self.panelOutputs }

    var isInRows: Bool {
        if case .rows = layout { true } else { false }
    }

    /// Outputs of some panels.
    package func outputs(of panels: Range<Int>) -> Range<Int> {
        panels.lowerBound * Self.panelOutputs..<min(outputs, panels.upperBound * Self.panelOutputs)
    }

    /// Where its panels lie; empty for a matrix in rows.
    var panelMemory: UnsafeRawBufferPointer {
        guard case .panels(let matrix) = layout else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: matrix.panels, count: panels * lk_panel_bytes(type, inputs))
    }

    /// Bytes of its weights in memory.
    package var byteCount: Int {
        switch layout {
        case .panels: panels * lk_panel_bytes(type, inputs)
        case .rows: outputs * lk_row_bytes(type, inputs)
        case .blas: outputs * inputs * MemoryLayout<Float>.stride
        }
    }

    /// Where its weights lie, in whatever order.
    var memory: UnsafeRawPointer {
        switch layout {
        case .panels(let matrix): UnsafeRawPointer(matrix.panels)
        case .rows(let base): base
        case .blas(let base, _): UnsafeRawPointer(base)
        }
    }

    /// Decodes row `index` to `out` [inputs]. `index` must be in `0..<outputs`.
    package func row(_ index: Int, to out: UnsafeMutablePointer<Float>) {
        switch layout {
        case .panels(var matrix): lk_panel_row(&matrix, index, out)
        case .rows(let base): lk_dequantize_row(type, base + index * lk_row_bytes(type, inputs), out, inputs)
        case .blas(let base, _): out.update(from: base + index * inputs, count: inputs)
        }
    }

    /// `rows` rows of `x` [rows, inputs] times the outputs of `panels`, in f32. `y` is where the first of those outputs
    /// goes for the first row; rows of it are `stride` apart. `adding` keeps what `y` holds as a summand.
    package func multiply(
        _ panels: Range<Int>, _ x: UnsafePointer<Float>, rows: Int, to y: UnsafeMutablePointer<Float>, stride: Int,
        adding: Bool
    ) {
        switch layout {
        case .panels(var matrix):
            lk_panel_matmul_f32(&matrix, panels.lowerBound, panels.upperBound, x, rows, y, stride, adding ? 1 : 0)
        case .rows(let base):
            let outputs = outputs(of: panels)
            guard adding else {
                return lk_matmul_f32(
                    type, base, outputs.lowerBound, outputs.upperBound, x, rows, inputs, y - outputs.lowerBound, stride)
            }
            withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * outputs.count) { products in
                guard let start = products.baseAddress else { return }
                lk_matmul_f32(
                    type, base, outputs.lowerBound, outputs.upperBound, x, rows, inputs, start - outputs.lowerBound,
                    outputs.count)
                for row in 0..<rows { lk_add(y + row * stride, start + row * outputs.count, outputs.count) }
            }
        case .blas(let base, let products):
            let outputs = outputs(of: panels)
            products.compute(
                MatrixProduct(
                    rows: rows, columns: outputs.count, inner: inputs, a: x, aStride: inputs,
                    b: base + outputs.lowerBound * inputs, bStride: inputs, isBTransposed: true, c: y, cStride: stride,
                    isAdding: adding))
        }
    }

    /// As `multiply` in f32, with int8 activations `x` [rows, inputs / 32]. Only where `narrowest` says so.
    package func multiply(
        _ panels: Range<Int>, quantised x: UnsafePointer<lk_q8_block>, rows: Int, to y: UnsafeMutablePointer<Float>,
        stride: Int, adding: Bool
    ) {
        guard case .panels(var matrix) = layout else { preconditionFailure("a matrix in rows does not take int8") }
        lk_panel_matmul_q8(&matrix, panels.lowerBound, panels.upperBound, x, rows, y, stride, adding ? 1 : 0)
    }

    /// As `multiply` in f32, with int16 activations `x` [rows, inputs / 32]. Only where `narrowest` is int8.
    package func multiply(
        _ panels: Range<Int>, wide x: UnsafePointer<lk_q16_block>, rows: Int, to y: UnsafeMutablePointer<Float>,
        stride: Int, adding: Bool = false
    ) {
        guard case .panels(var matrix) = layout else { preconditionFailure("a matrix in rows does not take int16") }
        lk_panel_matmul_q16(&matrix, panels.lowerBound, panels.upperBound, x, rows, y, stride, adding ? 1 : 0)
    }

    /// As `multiply` in f32, with bf16 activations `x` [rows, inputs]. Only where `narrowest` says so.
    package func multiply(
        _ panels: Range<Int>, bf16 x: UnsafePointer<UInt16>, rows: Int, to y: UnsafeMutablePointer<Float>, stride: Int,
        adding: Bool
    ) {
        guard case .panels(var matrix) = layout else { preconditionFailure("a matrix in rows does not take bf16") }
        lk_panel_matmul_bf16(&matrix, panels.lowerBound, panels.upperBound, x, rows, y, stride, adding ? 1 : 0)
    }
}

/// y = W x + b.
package struct Linear: Sendable {
    package let matrix: Matrix
    /// [outputs]
    package let bias: Vector?
}

/// Floats that live as long as their `WeightArena`.
package struct Vector: @unchecked Sendable {
    package let base: UnsafePointer<Float>
    package let count: Int
}

/// Owns the small weights, norms and biases, that are decoded to f32 when a model is loaded.
final class WeightArena: @unchecked Sendable {
    private var blocks: [UnsafeMutablePointer<Float>] = []

    deinit {
        blocks.forEach { $0.deallocate() }
    }

    func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        let block = UnsafeMutablePointer<Float>.allocate(capacity: count)
        blocks.append(block)
        return block
    }
}
