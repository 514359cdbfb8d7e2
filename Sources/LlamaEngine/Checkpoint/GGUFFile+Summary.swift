import CKernels

extension GGUFFile {
    /// What a log line says of a file: the type that holds the most weights, such as `Q4_1`.
    package var commonestType: String {
        var elements: [UInt32: Int] = [:]
        for tensor in tensors { elements[tensor.type.rawValue, default: 0] += tensor.elementCount }
        // Of equals the lower number, so that one file always says the same.
        let commonest = elements.max { $0.value != $1.value ? $0.value < $1.value : $0.key > $1.key }
        return commonest.flatMap { Self.typeNames[$0.key] } ?? "unknown"
    }

    /// Weights of all tensors.
    package var parameters: Int {
        // Cannot overflow: the tensors lie in the file side by side, at more than an eighth of a byte each.
        tensors.reduce(0) { $0 + $1.elementCount }
    }

    private static let typeNames: [UInt32: String] = Dictionary(
        uniqueKeysWithValues: [
            (LK_F32, "F32"), (LK_F16, "F16"), (LK_BF16, "BF16"), (LK_Q4_0, "Q4_0"), (LK_Q4_1, "Q4_1"),
            (LK_Q5_0, "Q5_0"),
            (LK_Q5_1, "Q5_1"), (LK_Q8_0, "Q8_0"), (LK_Q2_K, "Q2_K"), (LK_Q3_K, "Q3_K"), (LK_Q4_K, "Q4_K"),
            (LK_Q5_K, "Q5_K"), (LK_Q6_K, "Q6_K"),
        ].map { ($0.0.rawValue, $0.1) })
}
