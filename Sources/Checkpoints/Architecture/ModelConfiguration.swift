/// The dimensions of a decoder, as its checkpoint states them. Every number has been checked to lie within the limits
/// below, so that products of them can be computed without care; that tensors agree is checked when they are loaded.
package struct ModelConfiguration: Sendable, Equatable {
    package var architecture: String
    package var layers: Int
    /// Width of the residual stream.
    package var hidden: Int
    package var feedForward: Int
    package var heads: Int
    /// Heads of keys and values; each serves `heads / keyValueHeads` heads of queries.
    package var keyValueHeads: Int
    package var headDimension: Int
    package var vocabulary: Int
    /// Positions that the model was trained for.
    package var contextTokens: Int
    package var normEpsilon: Float
    package var rope: RopeConfiguration
    /// nil: every layer has one feed-forward network.
    package var experts: ExpertConfiguration?
    /// Where it departs from the plain decoder.
    package var variant = DecoderVariant()

    package static let layersMax = 1024
    package static let widthMax = 1 << 20
    package static let headsMax = 1 << 12
    package static let headDimensionMax = 1 << 12
    package static let vocabularyMax = 1 << 24
    package static let contextTokensMax = 1 << 24
}

/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864) and the ways of stretching it to longer contexts.
package struct RopeConfiguration: Sendable, Equatable {
    /// Which values of a head form a pair.
    package enum Order: Sendable {
        /// (2i, 2i+1): GGUF files of the llama architecture, whose query and key rows were permuted for it.
        case interleaved
        /// (i, i + dimension/2): the weights as they were released.
        case half
    }

    package enum Scaling: Sendable, Equatable {
        case none
        /// Positions are divided by `factor`.
        case linear(factor: Double)
        /// Llama 3.1: low frequencies are divided by `factor`, high ones kept, those between blended.
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Double)
        /// YaRN (Peng et al. 2023, arXiv:2309.00071). `magnitude` multiplies cosines and sines; `extrapolation` is how
        /// much of a high frequency is kept as it is, from 0 to 1.
        case yarn(
            factor: Double, originalContext: Double, betaFast: Double, betaSlow: Double, magnitude: Double,
            extrapolation: Double = 1)
    }

    package var theta: Double
    /// Values of each head that are turned, an even number; the rest pass unchanged.
    package var dimension: Int
    package var order: Order
    package var scaling: Scaling
    package var longContext: LongContext?

    /// LongRoPE (Ding et al. 2024, arXiv:2402.13753): each frequency has a divisor of its own, one where texts of up to
    /// `originalContext` positions are served and another where longer ones are.
    package struct LongContext: Sendable, Equatable {
        package var originalContext: Int
        /// [dimension / 2]; empty: they are tensors of the checkpoint.
        package var shortDivisors: [Float] = []
        package var longDivisors: [Float] = []
    }
}
