extension ModelFamily {
    /// Qwen 3 with experts (30B-A3B, 235B-A22B): as qwen3, the feed-forward part a mixture of experts.
    static let qwen3MoE = ModelFamily(
        architecture: "qwen3moe", ropeOrder: .half, attentionBias: .optional, headNorm: .required,
        mixture: Mixture(
            countKeys: ["num_experts", "num_local_experts"], widthKey: "moe_intermediate_size", hasSharedExpert: false,
            normalisesWeights: true, normalisesKey: "norm_topk_prob"))
}
