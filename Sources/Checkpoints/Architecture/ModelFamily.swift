/// The differences between architectures: the few places where their mathematics differ.
/// A family is a file in `Families/` and a line in `all`.
package struct ModelFamily: Sendable {
    /// How a weight may be present.
    package enum Presence: Sendable {
        case absent, optional, required
    }

    /// `general.architecture` of its GGUF files, also the prefix of their metadata keys; `model_type` of a
    /// `config.json`.
    let architecture: String
    /// In its GGUF files. As released by Hugging Face the order is always `half`, by Meta `interleaved`.
    let ropeOrder: RopeConfiguration.Order
    /// Biases of the query, key and value products.
    package let attentionBias: Presence
    /// RMSNorm of queries and of keys.
    package let headNorm: Presence
    /// nil: no experts.
    var mixture: Mixture?
    /// Whether that norm runs over all heads at once, with a weight for each value of them, and not over each head.
    package var normsHeadsTogether = false
    /// RMSNorm of the residual stream before attention and before the feed-forward part.
    package var hasPreNorms = true
    /// RMSNorm of what attention and the feed-forward part give, before it is added to the residual stream.
    package var hasPostNorms = false
    /// Added to all weights of norms as they were released; GGUF files hold the sums.
    var normOffset: Float = 0
    /// Whether queries, keys and values are one tensor, and gate and up another.
    var hasFusedProducts = false
    var traits = FamilyTraits()

    static let all: [ModelFamily] = [
        .llama, .qwen2, .qwen3, .qwen3MoE, .qwen2MoE, .mixtral, .gemma2, .gemma3, .granite, .mistral3, .olmo2, .phi3,
        .smollm3,
    ]

    static var architectures: [String] { names(all) }
    static var mixtures: [String] { names(all.filter { $0.mixture != nil }) }

    private static func names(_ families: [ModelFamily]) -> [String] {
        families.map(\.architecture).reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } }
    }
}
