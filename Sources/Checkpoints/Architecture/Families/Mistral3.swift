extension ModelFamily {
    /// Ministral 3 (text): as llama, with YaRN, and queries that grow with their position.
    static let mistral3 = ModelFamily(
        architecture: "mistral3", ropeOrder: .interleaved, attentionBias: .optional, headNorm: .absent,
        traits: FamilyTraits(
            windows: .all, hasQueryGrowth: true, dividesMagnitude: true,
            defaults: ["head_dim": 128, "max_position_embeddings": 262_144, "rms_norm_eps": 1e-5]))
}
