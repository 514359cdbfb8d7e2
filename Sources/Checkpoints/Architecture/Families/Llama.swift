extension ModelFamily {
    /// Llama 2, 3, 3.1 and 3.2, SmolLM2, Mistral: grouped queries, SwiGLU, no biases. The converter to GGUF permutes
    /// the rows of query and key weights, which is why rotary pairs are neighbours. From Llama 3.1 on, the scaling of
    /// rotary frequencies comes as the tensor `rope_freqs.weight`.
    static let llama = ModelFamily(
        architecture: "llama", ropeOrder: .interleaved, attentionBias: .optional, headNorm: .absent)

    /// Mistral's first models, in Hugging Face's folders: a llama whose layers all see a window where one is stated.
    /// Their GGUF files are of the architecture llama, and say no window.
    static let mistral = ModelFamily(
        architecture: "llama", ropeOrder: .interleaved, attentionBias: .optional, headNorm: .absent,
        traits: FamilyTraits(windows: .all, defaults: ["sliding_window": 4096]))
}
