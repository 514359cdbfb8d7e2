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
    /// RMSNorm of each head of queries and keys.
    package let headNorm: Presence
    /// nil: no experts.
    var mixture: Mixture?

    static let all: [ModelFamily] = [.llama, .qwen2, .qwen3, .qwen3MoE, .qwen2MoE, .mixtral]

    static var architectures: [String] { names(all) }
    static var mixtures: [String] { names(all.filter { $0.mixture != nil }) }

    private static func names(_ families: [ModelFamily]) -> [String] {
        families.map(\.architecture).reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } }
    }
}
