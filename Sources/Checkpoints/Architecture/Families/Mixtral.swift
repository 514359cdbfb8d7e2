extension ModelFamily {
    /// Mixtral (Jiang et al. 2024, arXiv:2401.04088): as llama, the feed-forward part a mixture of experts. Its GGUF
    /// files are of the architecture llama, with a number of experts.
    static let mixtral = ModelFamily(
        architecture: "llama", ropeOrder: .interleaved, attentionBias: .optional, headNorm: .absent,
        mixture: Mixture(
            countKeys: ["num_local_experts", "num_experts"], widthKey: "intermediate_size", hasSharedExpert: false,
            normalisesWeights: true, normalisesKey: nil))
}
