import CKernels

/// How keys and values are kept.
package enum CachePrecision: String, Sendable, Codable, CaseIterable {
    /// As they are computed.
    case f32
    /// Only where the dimension of a head is even.
    case bf16
    /// Whole numbers of up to 127, with a scale for each position of a head: half of what bf16 takes, to hold and to
    /// read.
    case int8

    var type: lk_type {
        switch self {
        case .f32: LK_F32
        case .bf16: LK_BF16
        case .int8: LK_INT8
        }
    }
}
