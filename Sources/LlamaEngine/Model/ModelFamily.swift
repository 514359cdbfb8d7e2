/// What tells one architecture from another: the names of its weights and the few places where its mathematics differs.
/// A family is a file in `Families/` and a line in `all`.
struct ModelFamily: Sendable {
    /// How a weight may be present.
    enum Presence: Sendable {
        case absent, optional, required
    }

    /// `general.architecture` of its GGUF files; also the prefix of its metadata keys.
    let architecture: String
    let ropeOrder: RopeConfiguration.Order
    /// Biases of the query, key and value products.
    let attentionBias: Presence
    /// RMSNorm of each head of queries and keys.
    let headNorm: Presence
    let weights: WeightNames

    static let all: [ModelFamily] = [.llama, .qwen2, .qwen3]

    static var architectures: [String] { all.map(\.architecture) }
}

/// Names of a family's tensors in a checkpoint. Those of a layer get the layer's prefix in front.
struct WeightNames: Sendable {
    var embedding = "token_embd.weight"
    var finalNorm = "output_norm.weight"
    /// Absent where head and embedding are one.
    var head = "output.weight"
    /// What rotary frequencies are divided by. Optional.
    var ropeDivisors = "rope_freqs.weight"

    var layerPrefix = "blk."
    var attentionNorm = "attn_norm.weight"
    var query = "attn_q"
    var key = "attn_k"
    var value = "attn_v"
    var queryNorm = "attn_q_norm.weight"
    var keyNorm = "attn_k_norm.weight"
    var output = "attn_output"
    var feedForwardNorm = "ffn_norm.weight"
    var gate = "ffn_gate"
    var up = "ffn_up"
    var down = "ffn_down"

    func layer(_ index: Int, _ name: String) -> String { "\(layerPrefix)\(index).\(name)" }
}
