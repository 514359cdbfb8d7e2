extension ModelFamily {
    /// Qwen 2 and 2.5: as llama, with biases on queries, keys and values, and rows in their released order.
    static let qwen2 = ModelFamily(
        architecture: "qwen2", ropeOrder: .half, attentionBias: .required, headNorm: .absent)
}
