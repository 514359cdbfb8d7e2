extension ModelFamily {
    /// Qwen 3 (dense): as llama with rows in their released order; each head of queries and keys is normed before it is
    /// turned, and the head dimension is stated rather than hidden / heads.
    static let qwen3 = ModelFamily(
        architecture: "qwen3", ropeOrder: .half, attentionBias: .optional, headNorm: .required)
}
