extension ModelFamily {
    /// Gemma 2: as Gemma 3, without norms of queries and keys, with caps of scores and of logits; every other layer
    /// sees a window, and all have one rotation.
    static let gemma2 = ModelFamily(
        architecture: "gemma2", ropeOrder: .half, attentionBias: .absent, headNorm: .absent, hasPostNorms: true,
        normOffset: 1,
        traits: FamilyTraits(
            activation: .geluTanh, scalesEmbedding: true, windows: .allBut(every: 2), usualWindow: 4096,
            attentionScale: .stated(byHeadsAt: 46), hasCaps: true,
            defaults: [
                "head_dim": 256, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
                "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 8192,
                "rms_norm_eps": 1e-6, "query_pre_attn_scalar": 256, "sliding_window": 4096,
                "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0,
                "hidden_activation": "gelu_pytorch_tanh", "tie_word_embeddings": true,
            ]))
}
