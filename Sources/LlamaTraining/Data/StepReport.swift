/// The numbers of one step, all from before its update.
package struct StepReport: Sendable, Equatable {
    /// From 1.
    package var step: Int
    package var steps: Int
    package var loss: Float
    /// Tokens that carry loss.
    package var lossTokens: Int
    /// Tokens computed.
    package var tokens: Int
    /// The global norm of the gradient, before clipping.
    package var gradientNorm: Float
    package var learningRate: Double
    package var preference: PreferenceReport?
}

/// Means over the pairs of a step. A reward is `rewardScale` times the log ratio of an answer's probabilities, trained
/// to reference.
package struct PreferenceReport: Sendable, Equatable {
    package var chosen: Float
    package var rejected: Float
    /// chosen - rejected.
    package var margin: Float
    /// The share of pairs whose margin is above 0.
    package var accuracy: Float
}
