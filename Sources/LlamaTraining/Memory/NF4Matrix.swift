import CKernels
import LlamaEngine
import Parallel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A frozen matrix in NF4, double quantised (Dettmers et al. 2023, arXiv:2305.14314), as bitsandbytes quantises it: the
/// weights in the order of the base's own file as one long row, in blocks of 64, their scales in blocks of 256.
final class NF4Matrix {
    let matrix: Matrix
    private let memory: UnsafeMutableRawPointer

    /// Whether a matrix of this width has panels of NF4.
    static func serves(inputs: Int) -> Bool { lk_panel_bytes(LK_NF4, inputs) > 0 }

    init(_ source: Matrix, _ bench: Workbench) throws(TrainingError) {
        let (outputs, inputs) = (source.outputs, source.inputs)
        let panelBytes = lk_panel_bytes(LK_NF4, inputs)
        let bytes = lk_panels(outputs) * panelBytes
        guard let memory = allocateLarge(bytes: bytes) else { throw TrainingError.outOfMemory(bytes: bytes) }
        self.memory = memory
        matrix = Matrix(
            panels: lk_panel_matrix(
                type: LK_NF4, panels: UnsafeRawPointer(memory).assumingMemoryBound(to: UInt8.self), outputs: outputs,
                inputs: inputs))
        let blocks = (outputs * inputs + 63) / 64
        var codes = [UInt8](repeating: 0, count: (outputs * inputs + 1) / 2)
        var largest = [Float](repeating: 0, count: blocks)
        var scales = [UInt8](repeating: 0, count: blocks)
        var groups = [Float](repeating: 0, count: (blocks + 255) / 256)
        codes.withUnsafeMutableBufferPointer { codes in
            largest.withUnsafeMutableBufferPointer { largest in
                guard let codes = codes.baseAddress, let largest = largest.baseAddress else { return }
                Self.quantise(source, codes: codes, largest: largest, bench)
            }
        }
        let offset = lk_nf4_quantise_scales(largest, blocks, &scales, &groups)
        codes.withUnsafeBufferPointer { codes in
            scales.withUnsafeBufferPointer { scales in
                groups.withUnsafeBufferPointer { groups in
                    let whole = lk_nf4_matrix(
                        codes: codes.baseAddress, scales: scales.baseAddress, groups: groups.baseAddress,
                        offset: offset, outputs: outputs, inputs: inputs)
                    bench.pool.run(over: lk_panels(outputs), grain: 1) { _, panels in
                        var whole = whole
                        for panel in panels { lk_nf4_pack_panel(&whole, panel, memory + panel * panelBytes) }
                    }
                }
            }
        }
    }

    deinit {
        free(memory)
    }

    /// Two rows at a time: a width that is no multiple of 64 has a block that lies in both.
    private static func quantise(
        _ source: Matrix, codes: UnsafeMutablePointer<UInt8>, largest: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) {
        let (outputs, inputs) = (source.outputs, source.inputs)
        bench.pool.run(over: outputs, grain: 2) { _, part in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * inputs) { rows in
                guard let rows = rows.baseAddress else { return }
                for first in stride(from: part.lowerBound, to: part.upperBound, by: 2) {
                    let count = min(2, part.upperBound - first)
                    for row in 0..<count { source.row(first + row, to: rows + row * inputs) }
                    let start = first * inputs
                    lk_nf4_quantise(rows, count * inputs, codes + start / 2, largest + start / 64)
                }
            }
        }
    }
}
