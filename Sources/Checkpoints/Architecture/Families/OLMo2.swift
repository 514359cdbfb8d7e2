extension ModelFamily {
    /// OLMo 2: norms stand after attention and the feed-forward part and not before them; queries and keys are normed
    /// over all heads at once.
    static let olmo2 = ModelFamily(
        architecture: "olmo2", ropeOrder: .half, attentionBias: .optional, headNorm: .required,
        normsHeadsTogether: true, hasPreNorms: false, hasPostNorms: true,
        traits: FamilyTraits(
            // Files of OLMo 3 have the same architecture and a window.
            windows: .refused, defaults: ["max_position_embeddings": 2048, "rms_norm_eps": 1e-5]))
}
