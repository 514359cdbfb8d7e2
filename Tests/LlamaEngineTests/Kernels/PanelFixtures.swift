import CKernels

@testable import LlamaEngine

/// The types that panels hold.
let panelTypes = elementTypes.filter { lk_panel_bytes($0.type, 256) > 0 }
let quantisedTypes = elementTypes.filter { lk_has_q8($0.type) == 1 }

/// A matrix of random weights in panels, which end where the memory does.
final class PackedWeights {
    let type: lk_type
    let rows: [UInt8]
    let outputs: Int
    let inputs: Int
    private let memory: UnsafeMutableRawPointer

    init(_ type: lk_type, outputs: Int, inputs: Int, _ random: inout RandomFloats) {
        (self.type, self.outputs, self.inputs) = (type, outputs, inputs)
        rows = random.weights(type, rows: outputs, n: inputs)
        let bytes = lk_panel_bytes(type, inputs)
        memory = .allocate(byteCount: bytes * lk_panels(outputs), alignment: 64)
        // What packing leaves out would be seen.
        memory.initializeMemory(as: UInt8.self, repeating: 0x7f, count: bytes * lk_panels(outputs))
        for panel in 0..<lk_panels(outputs) {
            rows.withUnsafeBytes { lk_pack_panel(type, $0.baseAddress, outputs, inputs, panel, memory + panel * bytes) }
        }
    }

    deinit { memory.deallocate() }

    var matrix: lk_panel_matrix {
        lk_panel_matrix(
            type: type, panels: memory.assumingMemoryBound(to: UInt8.self), outputs: outputs, inputs: inputs)
    }

    var panels: Int { lk_panels(outputs) }

    /// The weights in f32, decoded from the rows.
    func decoded() -> [Float] {
        var out = [Float](repeating: 0, count: outputs * inputs)
        let rowBytes = lk_row_bytes(type, inputs)
        rows.withUnsafeBytes { bytes in
            for row in 0..<outputs {
                out.withUnsafeMutableBufferPointer {
                    plainForms.dequantize_row(
                        type, bytes.baseAddress! + row * rowBytes, $0.baseAddress! + row * inputs, inputs)
                }
            }
        }
        return out
    }

    /// y [rows, outputs + 1] in f64 from decoded weights; 7 in the column that no product may touch.
    func product(_ x: [Float], rows: Int) -> [Float] {
        let weights = decoded()
        var y: [Float] = []
        for row in 0..<rows {
            for output in 0..<outputs {
                var sum = 0.0
                for input in 0..<inputs {
                    sum += Double(weights[output * inputs + input]) * Double(x[row * inputs + input])
                }
                y.append(Float(sum))
            }
            y.append(7)
        }
        return y
    }
}

extension lk_variants {
    func quantised(_ x: [Float]) -> [lk_q8_block] {
        [lk_q8_block](unsafeUninitializedCapacity: x.count / 32) { buffer, count in
            quantize_rows(x, 1, x.count, buffer.baseAddress)
            count = x.count / 32
        }
    }

    /// y [rows, outputs + 1] of int8 products.
    func multiplyQuantised(_ weights: PackedWeights, _ x: [lk_q8_block], rows: Int, over before: Float? = nil)
        -> [Float]
    {
        var matrix = weights.matrix
        var y = [Float](repeating: before ?? 7, count: rows * (weights.outputs + 1))
        panel_matmul_q8(&matrix, 0, weights.panels, x, rows, &y, weights.outputs + 1, before == nil ? 0 : 1)
        return y
    }

    func widelyQuantised(_ x: [Float]) -> [lk_q16_block] {
        [lk_q16_block](unsafeUninitializedCapacity: x.count / 32) { buffer, count in
            quantize_rows_q16(x, 1, x.count, buffer.baseAddress)
            count = x.count / 32
        }
    }

    /// y [rows, outputs + 1] of int16 products.
    func multiplyWide(_ weights: PackedWeights, _ x: [lk_q16_block], rows: Int, over before: Float? = nil) -> [Float] {
        var matrix = weights.matrix
        var y = [Float](repeating: before ?? 7, count: rows * (weights.outputs + 1))
        panel_matmul_q16(&matrix, 0, weights.panels, x, rows, &y, weights.outputs + 1, before == nil ? 0 : 1)
        return y
    }

    /// y [rows, outputs + 1] of f32 products.
    func multiplyExactly(_ weights: PackedWeights, _ x: [Float], rows: Int, over before: Float? = nil) -> [Float] {
        var matrix = weights.matrix
        var y = [Float](repeating: before ?? 7, count: rows * (weights.outputs + 1))
        panel_matmul_f32(&matrix, 0, weights.panels, x, rows, &y, weights.outputs + 1, before == nil ? 0 : 1)
        return y
    }
}

/// The floats that quantised activations stand for.
func values(of blocks: [lk_q8_block]) -> [Float] {
    blocks.flatMap { block in
        withUnsafeBytes(of: block.q) { bytes in bytes.bindMemory(to: Int8.self).map { block.scale * Float($0) } }
    }
}

/// The same of int16: four inputs lie in the order 0, 2, 1, 3.
func values(of blocks: [lk_q16_block]) -> [Float] {
    blocks.flatMap { block in
        withUnsafeBytes(of: block.q) { bytes in
            let q = bytes.bindMemory(to: Int16.self)
            return (0..<32).map { block.scale * Float(q[$0 / 4 * 4 + [0, 2, 1, 3][$0 % 4]]) }
        }
    }
}
