extension ModelFamily {
    /// SmolLM 3: as llama, but every fourth layer does not tell positions apart.
    static let smollm3 = ModelFamily(
        architecture: "smollm3", ropeOrder: .interleaved, attentionBias: .optional, headNorm: .absent,
        traits: FamilyTraits(
            unturnedEvery: 4,
            defaults: [
                "num_key_value_heads": 4, "max_position_embeddings": 32768, "rms_norm_eps": 1e-6,
                "rope_theta": 2_000_000, "tie_word_embeddings": true,
            ]))
}
