extension ModelFamily {
    /// Qwen 1.5 and 2 with experts (A2.7B, 57B-A14B): as qwen2, the feed-forward part a mixture of experts and one that
    /// every token goes through, weighed by a sigmoid of its own.
    static let qwen2MoE = ModelFamily(
        architecture: "qwen2moe", ropeOrder: .half, attentionBias: .required, headNorm: .absent,
        mixture: Mixture(
            countKeys: ["num_experts", "num_local_experts"], widthKey: "moe_intermediate_size", hasSharedExpert: true,
            normalisesWeights: false, normalisesKey: "norm_topk_prob"))
}
