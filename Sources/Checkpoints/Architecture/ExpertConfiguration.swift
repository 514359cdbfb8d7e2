/// The mixture of experts in the feed-forward part of a decoder's layers (Shazeer et al. 2017, arXiv:1701.06538), as a
/// checkpoint states it. Every number has been checked to lie within the limits.
package struct ExpertConfiguration: Sendable, Equatable {
    /// Experts of a layer.
    package var count: Int
    /// Experts that each token goes through.
    package var used: Int
    /// The width of an expert's inner activations.
    package var width: Int
    /// The same of the expert that every token goes through; 0: there is none.
    package var sharedWidth: Int
    /// Whether the router's probabilities of a token's experts are divided by their sum.
    package var normalisesWeights: Bool
    /// Layers that have one feed-forward network, of width `feedForward`, in place of experts.
    package var denseLayers: Set<Int> = []

    package static let countMax = 1 << 12
}

extension ModelFamily {
    /// How a family's experts differ from another's.
    package struct Mixture: Sendable {
        /// Keys of a `config.json`: the number of experts, under any of the names that releases give it, and their
        /// width.
        let countKeys: [String]
        let widthKey: String
        let hasSharedExpert: Bool
        /// Whether weights are normalised, where the checkpoint cannot say: always so (`config.json` of Mixtral), or
        /// as llama.cpp computes the architecture (GGUF).
        let normalisesWeights: Bool
        /// The flag of a `config.json` that says it; nil: the family is always the same.
        let normalisesKey: String?
    }
}

extension ModelConfiguration {
    /// Whether the layer's feed-forward part is a mixture of experts.
    package func hasExperts(inLayer layer: Int) -> Bool {
        experts.map { !$0.denseLayers.contains(layer) } ?? false
    }

    /// The most inner activations that a token has in a feed-forward part.
    package var activatedWidth: Int {
        guard let experts else { return feedForward }
        let mixed = experts.used * experts.width + experts.sharedWidth
        return experts.denseLayers.isEmpty ? mixed : max(feedForward, mixed)
    }
}
