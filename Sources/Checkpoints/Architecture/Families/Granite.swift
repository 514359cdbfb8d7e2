extension ModelFamily {
    /// Granite 3 (dense): as llama, with scales of the embedding, of what is added to the residual stream, of scores
    /// and of logits.
    static let granite = ModelFamily(
        architecture: "granite", ropeOrder: .interleaved, attentionBias: .optional, headNorm: .absent,
        traits: FamilyTraits(
            attentionScale: .multiplier, hasScales: true,
            defaults: ["attention_multiplier": 1.0, "max_position_embeddings": 2048, "rms_norm_eps": 1e-6]))
}
