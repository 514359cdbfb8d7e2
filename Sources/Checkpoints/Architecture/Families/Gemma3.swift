extension ModelFamily {
    /// Gemma 3 (text): norms before and after attention and the feed-forward part, GeGLU, each head of queries and keys
    /// normed, an embedding scaled by sqrt(hidden) that is the head too. Five layers of six see a window of positions
    /// and have a rotation of their own; the sixth sees everything, its positions stretched.
    static let gemma3 = ModelFamily(
        architecture: "gemma3", ropeOrder: .half, attentionBias: .absent, headNorm: .required, hasPostNorms: true,
        normOffset: 1,
        traits: FamilyTraits(
            activation: .geluTanh, scalesEmbedding: true, windows: .allBut(every: 6), windowTheta: 10_000,
            attentionScale: .stated(byHeadsAt: 62), hasCaps: true,
            defaults: [
                "head_dim": 256, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
                "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 131_072,
                "rms_norm_eps": 1e-6, "rope_theta": 1_000_000, "query_pre_attn_scalar": 256, "sliding_window": 4096,
                "hidden_activation": "gelu_pytorch_tanh", "tie_word_embeddings": true,
            ]))
}
