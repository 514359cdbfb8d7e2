import CKernels
import Checkpoints

/// The types that matrices of a written model may have.
package enum ExportType: String, Sendable, CaseIterable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case q8 = "Q8_0"
    case q4 = "Q4_0"
    case q4WithMinimum = "Q4_1"

    package var isQuantised: Bool { safetensors == nil }

    var type: lk_type {
        switch self {
        case .f32: LK_F32
        case .f16: LK_F16
        case .bf16: LK_BF16
        case .q8: LK_Q8_0
        case .q4: LK_Q4_0
        case .q4WithMinimum: LK_Q4_1
        }
    }

    /// nil where that format has none.
    var safetensors: SafetensorsFile.DType? {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .q8, .q4, .q4WithMinimum: nil
        }
    }

    /// torch's name of it; quantised types have none.
    var torchName: String? {
        switch self {
        case .f32: "float32"
        case .f16: "float16"
        case .bf16: "bfloat16"
        case .q8, .q4, .q4WithMinimum: nil
        }
    }

    /// `general.file_type` of a file whose matrices have it (llama.cpp, `llama_ftype`).
    var fileType: UInt32 {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q4: 2
        case .q4WithMinimum: 3
        case .q8: 7
        case .bf16: 32
        }
    }
}
