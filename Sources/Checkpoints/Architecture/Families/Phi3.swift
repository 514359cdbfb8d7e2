extension ModelFamily {
    /// Phi 3, 3.5 and 4 (also mini): as llama with rows in their released order; queries, keys and values are one
    /// tensor, gate and up another. Those for long contexts have LongRoPE; Phi 4 mini turns three quarters of a head.
    static let phi3 = ModelFamily(
        architecture: "phi3", ropeOrder: .half, attentionBias: .absent, headNorm: .absent, hasFusedProducts: true,
        traits: FamilyTraits(
            windows: .all,
            defaults: [
                "max_position_embeddings": 4096, "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
            ]))
}
