/// The dimensions of a BERT-class encoder and how its vectors are made, from the files beside its weights. Every number
/// has been checked to lie within the limits below, so that products of them can be computed without care.
package struct EncoderConfiguration: Sendable, Equatable {
    /// How a text's vector is made from its tokens' states.
    package enum Pooling: Sendable {
        /// The mean of all its tokens' vectors.
        case mean
        /// The first token's.
        case first
    }

    package var layers: Int
    /// Width of a token's vector, and of the embedding.
    package var hidden: Int
    package var feedForward: Int
    package var heads: Int
    package var vocabulary: Int
    package var positions: Int
    package var tokenTypes: Int
    package var normEpsilon: Float
    /// Tokens of a text, `[CLS]` and `[SEP]` among them: what the model was made for, not more than `positions`.
    package var tokensMax: Int
    package var pooling: Pooling

    package var headDimension: Int { hidden / heads }

    package static let layersMax = 256
    package static let widthMax = 1 << 15
    package static let vocabularyMax = 1 << 22
    package static let positionsMax = 1 << 16
}
