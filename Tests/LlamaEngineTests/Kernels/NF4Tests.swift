import CKernels
import Foundation
import Testing

/// A matrix in NF4, its scales quantised again.
private struct NF4Weights {
    let outputs: Int, inputs: Int
    var codes: [UInt8], scales: [UInt8], groups: [Float], offset: Float

    init(_ weights: [Float], outputs: Int, inputs: Int) {
        (self.outputs, self.inputs) = (outputs, inputs)
        let blocks = (weights.count + 63) / 64
        codes = [UInt8](repeating: 0, count: weights.count / 2)
        scales = [UInt8](repeating: 0, count: blocks)
        groups = [Float](repeating: 0, count: (blocks + 255) / 256)
        var largest = [Float](repeating: 0, count: blocks)
        lk_nf4_quantise(weights, weights.count, &codes, &largest)
        offset = lk_nf4_quantise_scales(largest, blocks, &scales, &groups)
    }

    func withPanels<R>(_ body: (UnsafePointer<lk_panel_matrix>) -> R) -> R {
        let bytes = lk_panel_bytes(LK_NF4, inputs)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes * lk_panels(outputs), alignment: 64)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0x7f, count: bytes * lk_panels(outputs))
        codes.withUnsafeBufferPointer { codes in
            scales.withUnsafeBufferPointer { scales in
                groups.withUnsafeBufferPointer { groups in
                    var weights = lk_nf4_matrix(
                        codes: codes.baseAddress, scales: scales.baseAddress, groups: groups.baseAddress,
                        offset: offset, outputs: outputs, inputs: inputs)
                    for panel in 0..<lk_panels(outputs) { lk_nf4_pack_panel(&weights, panel, memory + panel * bytes) }
                }
            }
        }
        var matrix = lk_panel_matrix(
            type: LK_NF4, panels: memory.assumingMemoryBound(to: UInt8.self), outputs: outputs, inputs: inputs)
        return body(&matrix)
    }

    /// The weights in f32, read from the panels.
    func decoded() -> [Float] {
        withPanels { matrix in
            (0..<outputs).flatMap { row in
                var values = [Float](repeating: 7, count: inputs)
                lk_panel_row(matrix, row, &values)
                return values
            }
        }
    }
}

@Suite("Weights in NF4")
struct NF4Tests {
    private let outputs = 72, inputs = 480

    /// The weights of NF4.values, quantised by bitsandbytes.
    private struct Fixture {
        let weights: [Float], codes: [UInt8], scales: [UInt8], groups: [Float], offset: Float, values: [Float]

        init() throws {
            let halves = [UInt8](try kernelFixture("NF4.values")), bytes = [UInt8](try kernelFixture("NF4.blocks"))
            var weights = [Float](repeating: 0, count: halves.count / 2)
            lk_dequantize_row(LK_F16, halves, &weights, weights.count)
            self.weights = weights
            codes = Array(bytes[0..<17_280])
            scales = Array(bytes[17_280..<17_820])
            let floats = bytes[17_820...].withUnsafeBytes { raw in
                stride(from: 0, to: raw.count, by: 4).map {
                    Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
                }
            }
            (groups, offset, values) = (Array(floats[0..<3]), floats[3], Array(floats[4...]))
        }
    }

    @Test("codes, scales and values are those of bitsandbytes")
    func reference() throws {
        let fixture = try Fixture()
        var ours = NF4Weights(fixture.weights, outputs: outputs, inputs: inputs)
        #expect(ours.codes == fixture.codes)
        #expect(ours.scales == fixture.scales)
        // The mean of all scales is summed up in another order.
        #expect(abs(ours.offset - fixture.offset) <= fixture.offset.ulp)
        #expect(relativeError(ours.groups, fixture.groups) < 1e-6)
        (ours.codes, ours.scales) = (fixture.codes, fixture.scales)
        (ours.groups, ours.offset) = (fixture.groups, fixture.offset)
        #expect(ours.decoded() == fixture.values)
    }

    @Test("products and their gradients are those of the decoded weights")
    func products() {
        var random = RandomFloats(seed: 91)
        for (outputs, inputs) in [(32, 64), (33, 32), (7, 96), (100, 480), (64, 1536)] {
            let weights = NF4Weights(random.array(outputs * inputs), outputs: outputs, inputs: inputs)
            let decoded = weights.decoded()
            for rows in [1, 7, 13] {
                let x = random.array(rows * inputs), dy = random.array(rows * outputs)
                var y = [Double](repeating: 0, count: rows * outputs), dx = [Double](repeating: 0, count: x.count)
                for row in 0..<rows {
                    for output in 0..<outputs {
                        for input in 0..<inputs {
                            let weight = Double(decoded[output * inputs + input])
                            y[row * outputs + output] += weight * Double(x[row * inputs + input])
                            dx[row * inputs + input] += weight * Double(dy[row * outputs + output])
                        }
                    }
                }
                for forms in offeredForms {
                    var product = [Float](repeating: 7, count: y.count),
                        gradient = [Float](repeating: 7, count: x.count)
                    weights.withPanels { matrix in
                        forms.panel_matmul_f32(matrix, 0, lk_panels(outputs), x, rows, &product, outputs, 0)
                        withTrainingScratch {
                            forms.training.pointee.panel_backward_f32(
                                matrix, 0, inputs / 32, dy, outputs, rows, &gradient, inputs, 0, $0)
                        }
                    }
                    #expect(relativeError(product, y.map(Float.init)) < 2e-6, "\(name(forms)) \(outputs)x\(inputs)")
                    #expect(relativeError(gradient, dx.map(Float.init)) < 2e-6, "\(name(forms)) \(outputs)x\(inputs)")
                }
            }
        }
    }

    @Test("a matrix in pieces has the codes of the whole, and a block of zeroes stays one")
    func pieces() {
        var random = RandomFloats(seed: 92)
        var weights = random.array(96 * 32)
        weights.replaceSubrange(64..<128, with: repeatElement(0, count: 64))
        let whole = NF4Weights(weights, outputs: 96, inputs: 32)
        #expect(whole.decoded()[64..<128].allSatisfy { $0 == 0 })
        var codes = [UInt8](repeating: 0, count: weights.count / 2), largest = [Float](repeating: 0, count: 48)
        for first in stride(from: 0, to: weights.count, by: 640) {
            let count = min(640, weights.count - first)
            codes.withUnsafeMutableBufferPointer { codes in
                largest.withUnsafeMutableBufferPointer { largest in
                    lk_nf4_quantise(
                        Array(weights[first..<first + count]), count, codes.baseAddress! + first / 2,
                        largest.baseAddress! + first / 64)
                }
            }
        }
        #expect(codes == whole.codes)
    }

    @Test("NF4 has panels of 4.2 bits a weight, no rows and no products in int8")
    func sizes() {
        #expect(lk_panel_bytes(LK_NF4, 576) == 9_600)
        #expect(lk_panel_bytes(LK_NF4, 33) == 0)
        #expect(lk_row_bytes(LK_NF4, 64) == 0)
        #expect(lk_has_q8(LK_NF4) == 0)
    }
}
