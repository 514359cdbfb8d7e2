import CKernels

/// A weight matrix where it lies in the checkpoint: W [outputs, inputs], row-major, in blocks of `type`. Whoever holds one
/// must hold its checkpoint's mapping too (`Model` does).
struct Matrix: @unchecked Sendable {
    let type: lk_type
    let outputs: Int
    let inputs: Int
    let base: UnsafeRawPointer
    /// Whether int8 activations can be multiplied with it.
    let takesQuantised: Bool

    init(type: lk_type, outputs: Int, inputs: Int, base: UnsafeRawPointer) {
        self.type = type
        self.outputs = outputs
        self.inputs = inputs
        self.base = base
        takesQuantised = lk_has_q8(type) != 0 && inputs % 32 == 0
    }

    var rowBytes: Int { lk_row_bytes(type, inputs) }

    /// Decodes row `index` to `out` [inputs]. `index` must be in `0..<outputs`.
    func row(_ index: Int, to out: UnsafeMutablePointer<Float>) {
        lk_dequantize_row(type, base + index * rowBytes, out, inputs)
    }
}

/// y = W x + b.
struct Linear: Sendable {
    let matrix: Matrix
    /// [outputs]
    let bias: Vector?
}

/// Floats that live as long as their `WeightArena`.
struct Vector: @unchecked Sendable {
    let base: UnsafePointer<Float>
    let count: Int
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
