/// The feed-forward part of a layer: one network, or a mixture of them.
package enum FeedForward: Sendable {
    case dense(GatedNetwork)
    case experts(Experts)

    /// The one network that every token goes through; nil for a mixture.
    package var dense: GatedNetwork? {
        if case .dense(let network) = self { network } else { nil }
    }

    var matrices: [Matrix] {
        switch self {
        case .dense(let network): network.matrices
        case .experts(let experts): experts.matrices
        }
    }

    /// As many of them as one token goes through.
    var matricesOfToken: [Matrix] {
        switch self {
        case .dense(let network): network.matrices
        case .experts(let experts): experts.matricesOfToken
        }
    }

    /// Those that a pass reads first, known before it.
    var first: (Matrix, Matrix?) {
        switch self {
        case .dense(let network): (network.gate.matrix, network.up.matrix)
        case .experts(let experts): (experts.router, nil)
        }
    }
}

/// down (silu(gate x) * up x), SwiGLU (Shazeer 2020, arXiv:2002.05202).
package struct GatedNetwork: Sendable {
    package let gate: Linear
    package let up: Linear
    package let down: Linear

    /// The width of its inner activations.
    var width: Int { gate.matrix.outputs }

    var matrices: [Matrix] { [gate.matrix, up.matrix, down.matrix] }
}

/// A mixture of experts (Shazeer et al. 2017, arXiv:1701.06538): Σ w_e · expert_e(x) over the `used` experts that are
/// likeliest by softmax(router x), and what one shared expert says.
package struct Experts: Sendable {
    /// [experts, hidden]
    let router: Matrix
    /// Experts that each token goes through.
    let used: Int
    /// Whether the probabilities of a token's experts are divided by their sum before they weigh.
    let normalisesWeights: Bool
    let networks: [GatedNetwork]
    let shared: SharedExpert?

    /// The expert of every token: sigmoid(gate · x) · network(x).
    struct SharedExpert: Sendable {
        let network: GatedNetwork
        /// [1, hidden]
        let gate: Matrix
    }

    private var alwaysRead: [Matrix] { [router] + (shared.map { $0.network.matrices + [$0.gate] } ?? []) }

    var matrices: [Matrix] { alwaysRead + networks.flatMap(\.matrices) }
    var matricesOfToken: [Matrix] { alwaysRead + networks.prefix(used).flatMap(\.matrices) }
}
