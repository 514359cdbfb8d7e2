import CKernels

/// How a tensor's values are stored, by the format's numbers (github.com/ggml-org/ggml, `ggml.h`). Types that the
/// kernels do not compute are known by name and size: a file may hold them where the model does not read them.
struct GGUFTensorType {
    /// With the format's number, also where the kernels have no such type.
    let type: lk_type
    let name: String
    /// Values of a block.
    let block: Int
    let blockBytes: Int

    /// nil for a number that the format does not have.
    init?(number: UInt32) {
        guard let row = Self.rows.first(where: { $0.number == number }) else { return nil }
        (type, name, block, blockBytes) = (lk_type(rawValue: number), row.name, row.block, row.bytes)
    }

    var isComputed: Bool { lk_block_size(type) > 0 }

    /// The size in bytes of `values` values, a multiple of `block`; nil when that does not fit.
    func byteCount(of values: Int) -> Int? {
        let (bytes, overflow) = (values / block).multipliedReportingOverflow(by: blockBytes)
        return overflow ? nil : bytes
    }

    private static let rows: [(number: UInt32, name: String, block: Int, bytes: Int)] = [
        (0, "F32", 1, 4), (1, "F16", 1, 2), (2, "Q4_0", 32, 18), (3, "Q4_1", 32, 20), (6, "Q5_0", 32, 22),
        (7, "Q5_1", 32, 24), (8, "Q8_0", 32, 34), (10, "Q2_K", 256, 84), (11, "Q3_K", 256, 110),
        (12, "Q4_K", 256, 144), (13, "Q5_K", 256, 176), (14, "Q6_K", 256, 210),
        (16, "IQ2_XXS", 256, 66), (17, "IQ2_XS", 256, 74), (18, "IQ3_XXS", 256, 98), (19, "IQ1_S", 256, 50),
        (20, "IQ4_NL", 32, 18), (21, "IQ3_S", 256, 110), (22, "IQ2_S", 256, 82), (23, "IQ4_XS", 256, 136),
        (24, "I8", 1, 1), (25, "I16", 1, 2), (26, "I32", 1, 4), (27, "I64", 1, 8), (28, "F64", 1, 8),
        (29, "IQ1_M", 256, 56), (30, "BF16", 1, 2), (34, "TQ1_0", 256, 54), (35, "TQ2_0", 256, 66),
        (39, "MXFP4", 32, 17), (40, "NVFP4", 64, 36), (41, "Q1_0", 128, 18),
    ]
}

extension GGUFTensor {
    /// The format's name of its type.
    var typeName: String { GGUFTensorType(number: type.rawValue)?.name ?? "unknown" }

    /// nil where the kernels have none.
    var computedType: lk_type? { lk_block_size(type) > 0 ? type : nil }
}
