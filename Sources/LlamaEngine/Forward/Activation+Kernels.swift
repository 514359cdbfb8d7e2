import CKernels
import Checkpoints

extension DecoderVariant.Activation {
    /// out[i] = f(gate[i]) * up[i]; out may be gate or up.
    @inline(__always)
    func gate(
        _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ count: Int, to out: UnsafeMutablePointer<Float>
    ) {
        switch self {
        case .silu: lk_swiglu(gate, up, count, out)
        case .geluTanh: lk_geglu(gate, up, count, out)
        }
    }

    /// The same for 32 outputs of some rows, [rows, 32], quantised: row r's go to out[r * stride].
    @inline(__always)
    func gate(
        _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, rows: Int,
        to out: UnsafeMutablePointer<lk_q8_block>, stride: Int
    ) {
        switch self {
        case .silu: lk_swiglu_q8(gate, up, rows, out, stride)
        case .geluTanh: lk_geglu_q8(gate, up, rows, out, stride)
        }
    }
}
