import CKernels

extension GGUFTensor {
    /// The format's name of a type.
    static func typeName(_ type: lk_type) -> String { typeNames[type.rawValue] ?? "unknown" }

    private static let typeNames: [UInt32: String] = Dictionary(
        uniqueKeysWithValues: [
            (LK_F32, "F32"), (LK_F16, "F16"), (LK_BF16, "BF16"), (LK_Q4_0, "Q4_0"), (LK_Q4_1, "Q4_1"),
            (LK_Q5_0, "Q5_0"),
            (LK_Q5_1, "Q5_1"), (LK_Q8_0, "Q8_0"), (LK_Q2_K, "Q2_K"), (LK_Q3_K, "Q3_K"), (LK_Q4_K, "Q4_K"),
            (LK_Q5_K, "Q5_K"), (LK_Q6_K, "Q6_K"),
        ].map { ($0.0.rawValue, $0.1) })
}
