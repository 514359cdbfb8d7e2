/// Where a decoder departs from the plain one, which has full attention turned by one rotation, SwiGLU and no scales.
/// A value is what the arithmetic needs; which checkpoint says it how is the readers' business.
package struct DecoderVariant: Sendable, Equatable {
    /// The gate's function in the feed-forward part: silu(gate) * up, or gelu(gate) * up with the approximation of GELU
    /// by tanh.
    package enum Activation: Sendable, Equatable {
        case silu, geluTanh
    }

    /// The positions that one layer's attention sees, and the rotation of its heads.
    package struct Attention: Sendable, Equatable {
        package enum Rotation: Sendable, Equatable {
            case whole
            /// By `windowRope`.
            case window
            /// Positions are not told apart.
            case none
        }

        /// Positions that a token sees, itself and those right before it; nil: all before it.
        package var window: Int?
        package var rotation = Rotation.whole

        package init(window: Int? = nil, rotation: Rotation = .whole) {
            (self.window, self.rotation) = (window, rotation)
        }
    }

    package var activation = Activation.silu
    /// One of each layer; empty: all are plain.
    package var attention: [Attention] = []
    /// The rotation of layers that see a window, where it is one of its own.
    package var windowRope: RopeConfiguration?
    /// Scores are multiplied by it; nil: by 1 / sqrt(headDimension).
    package var attentionScale: Float?
    /// Scores become cap * tanh(score / cap).
    package var attentionCap: Float?
    /// Rows of the embedding are multiplied by it.
    package var embeddingScale: Float = 1
    /// The parts that attention and the feed-forward part add to the residual stream are multiplied by it.
    package var residualScale: Float = 1
    /// Logits are multiplied by it, and then capped as scores are.
    package var logitScale: Float = 1
    package var logitCap: Float?
    /// Queries are multiplied by 1 + beta * log(1 + floor(position / context)).
    package var queryGrowth: QueryGrowth?

    package struct QueryGrowth: Sendable, Equatable {
        package var beta: Float
        package var context: Int
    }

    /// Whether released weights have queries, keys and values in one product, and gate and up in another: adapters name
    /// these.
    package var hasFusedProducts = false

    package init() {}

    package func attention(of layer: Int) -> Attention {
        layer < attention.count ? attention[layer] : Attention()
    }
}

extension ModelConfiguration {
    /// The factor of scores.
    package var attentionScale: Float { variant.attentionScale ?? 1 / Float(headDimension).squareRoot() }
}
