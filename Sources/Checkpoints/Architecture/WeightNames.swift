/// Names of a decoder's tensors in one form of checkpoint. Those of a layer get the layer's prefix in front.
package struct WeightNames: Sendable {
    package var embedding: String
    package var finalNorm: String
    /// Absent where head and embedding are one.
    package var head: String
    /// The divisors of the rotary frequencies. Optional.
    package var ropeDivisors: String?
    /// The same for texts within the context that the model was first trained for, and for longer ones. Optional.
    package var ropeShortDivisors: String?
    package var ropeLongDivisors: String?

    var layerPrefix: String
    package var attentionNorm: String
    // Products: `.weight` and `.bias` follow.
    package var query: String
    package var key: String
    package var value: String
    package var output: String
    package var queryNorm: String
    package var keyNorm: String
    package var feedForwardNorm: String
    package var gate: String
    package var up: String
    package var down: String
    /// Where the feed-forward part is a mixture of experts.
    package var experts: ExpertNames?
    // Only where a family has them.
    package var attentionPostNorm = ""
    package var feedForwardPostNorm = ""
    /// Queries, keys and values in one product, gate and up in another.
    var fusedAttention = ""
    var fusedFeedForward = ""

    package func layer(_ index: Int, _ name: String) -> String { "\(layerPrefix)\(index).\(name)" }

    static let gguf = WeightNames(
        embedding: "token_embd.weight", finalNorm: "output_norm.weight", head: "output.weight",
        ropeDivisors: "rope_freqs.weight", ropeShortDivisors: "rope_factors_short.weight",
        ropeLongDivisors: "rope_factors_long.weight", layerPrefix: "blk.", attentionNorm: "attn_norm.weight",
        query: "attn_q", key: "attn_k", value: "attn_v", output: "attn_output", queryNorm: "attn_q_norm.weight",
        keyNorm: "attn_k_norm.weight", feedForwardNorm: "ffn_norm.weight", gate: "ffn_gate", up: "ffn_up",
        down: "ffn_down", attentionPostNorm: "post_attention_norm.weight",
        feedForwardPostNorm: "post_ffw_norm.weight", fusedAttention: "attn_qkv", fusedFeedForward: "ffn_up")

    /// Those of most architectures served here.
    package static let huggingFace = WeightNames(
        embedding: "model.embed_tokens.weight", finalNorm: "model.norm.weight", head: "lm_head.weight",
        layerPrefix: "model.layers.", attentionNorm: "input_layernorm.weight", query: "self_attn.q_proj",
        key: "self_attn.k_proj", value: "self_attn.v_proj", output: "self_attn.o_proj",
        queryNorm: "self_attn.q_norm.weight", keyNorm: "self_attn.k_norm.weight",
        feedForwardNorm: "post_attention_layernorm.weight", gate: "mlp.gate_proj", up: "mlp.up_proj",
        down: "mlp.down_proj", fusedAttention: "self_attn.qkv_proj", fusedFeedForward: "mlp.gate_up_proj")

    /// A family's names in a Hugging Face folder.
    static func huggingFace(of family: ModelFamily) -> WeightNames {
        var names = huggingFace
        guard family.hasPostNorms else { return names }
        // The name that others give the norm before the feed-forward part.
        names.attentionPostNorm = names.feedForwardNorm
        names.feedForwardNorm = "pre_feedforward_layernorm.weight"
        names.feedForwardPostNorm = "post_feedforward_layernorm.weight"
        return names
    }

    /// The same in folders of models of more than text, where the text's part has a prefix: as most were released, and
    /// as transformers saves them since version 5.
    func inLanguageModel() -> [WeightNames] {
        [("language_model.model.", "language_model."), ("model.language_model.", "")].map { prefix, headPrefix in
            var names = self
            func renamed(_ name: String) -> String { prefix + name.dropFirst("model.".count) }
            names.embedding = renamed(embedding)
            names.finalNorm = renamed(finalNorm)
            names.layerPrefix = renamed(layerPrefix)
            names.head = headPrefix + head
            return names
        }
    }

    static let meta = WeightNames(
        embedding: "tok_embeddings.weight", finalNorm: "norm.weight", head: "output.weight", layerPrefix: "layers.",
        attentionNorm: "attention_norm.weight", query: "attention.wq", key: "attention.wk", value: "attention.wv",
        output: "attention.wo", queryNorm: "attention.q_norm.weight", keyNorm: "attention.k_norm.weight",
        feedForwardNorm: "ffn_norm.weight", gate: "feed_forward.w1", up: "feed_forward.w3", down: "feed_forward.w2")
}
