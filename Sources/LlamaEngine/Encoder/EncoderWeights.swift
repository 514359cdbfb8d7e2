import CKernels

/// The weights of an encoder whose norms follow what they norm (BERT; Devlin et al. 2018, arXiv:1810.04805).
///
/// On the fast path the norms' weights and biases are part of the projections that read what they norm (see
/// `EncoderWeightLoader`), and these get rows that are only normed.
struct EncoderWeights: Sendable {
    struct Norm: Sendable {
        let weight: Vector
        let bias: Vector
    }

    struct Projection: Sendable {
        let matrix: Matrix
        let bias: Vector
    }

    struct Layer: Sendable {
        let query: Projection
        let key: Projection
        let value: Projection
        let output: Projection
        let attentionNorm: Norm
        let up: Projection
        let down: Projection
        let feedForwardNorm: Norm
    }

    /// Weights of 1, biases of 0.
    let bareNorm: Norm
    /// [vocabulary, hidden], where it lies in the file.
    let words: Matrix
    /// [positions, hidden]: the position's vector and that of token type 0, added up.
    let places: Vector
    let norm: Norm
    let layers: [Layer]
}
