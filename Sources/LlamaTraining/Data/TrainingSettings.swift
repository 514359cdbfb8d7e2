import LlamaEngine

/// Everything that decides the numbers of a training run, beside its base and its data.
package struct TrainingSettings: Sendable, Codable, Equatable {
    package enum Algorithm: String, Sendable, Codable, CaseIterable {
        /// Every weight (masters in f32).
        case full
        /// A low-rank change (Hu et al. 2021, arXiv:2106.09685) of a frozen base.
        case lora
        /// LoRA on a base whose linear layers are held as NF4 (Dettmers et al. 2023, arXiv:2305.14314).
        case qlora
        /// LoRA with a trained magnitude for each output (Liu et al. 2024, arXiv:2402.09353).
        case dora
    }

    package enum Optimiser: String, Sendable, Codable, CaseIterable {
        case adam, adamw, sgd
    }

    package var algorithm = Algorithm.lora
    /// Products that get a low-rank change in every layer; `full` trains everything, whatever stands here.
    package var modules: [TrainedModule] = [.query, .value]
    /// Columns of A x.
    package var rank = 8
    /// The change is scaled by `alpha / rank`.
    package var alpha: Float = 16
    /// Decides the initial A and the order of rows.
    package var seed: UInt64 = 0
    package var optimiser = Optimiser.adamw
    /// The rate after warm-up, from which it falls to `learningRateMin` along half a cosine.
    package var learningRate = 3e-4
    package var learningRateMin = 0.0
    /// The share of all steps in which the rate rises.
    package var warmupRatio = 0.03
    /// Shrinks matrices alone.
    package var weightDecay = 0.0
    /// The largest global norm of the gradient; 0: gradients are not clipped.
    package var clipNorm = 1.0
    /// Examples a step.
    package var batchSize = 4
    package var epochs = 1
    /// The most steps; 0: as many as the epochs have.
    package var iterations = 0
    /// Whether each epoch has an order of its own; otherwise rows come as they are given.
    package var shufflesRows = true
    /// A step is computed in passes of at most this many tokens; a row that is longer has one of its own.
    package var tokensPerPassMax = 2_048
    /// How frozen products compute going forward. `quantized`: with the weights as they are served, and activations in
    /// int16, or bf16 beside weights of 16 bits.
    package var precision = Precision.exact
    /// Keeps each layer's input alone and computes the layer again on the way back: less memory, the same numbers.
    package var checkpointsActivations = false
    package var preference: PreferenceSettings?

    package init() {}

    package var scale: Float { alpha / Float(rank) }
}

/// Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290), with a clip, a margin (SimPO, Meng et al.
/// 2024, arXiv:2405.14734) and smoothing (conservative DPO). 0 switches each of the three off.
package struct PreferenceSettings: Sendable, Codable, Equatable {
    /// Multiplies the difference of log ratios; above 0.
    package var rewardScale: Float = 0.1
    package var rewardClip: Float = 0
    /// In [0, 0.5).
    package var epsilon: Float = 0
    package var gamma: Float = 0

    package init() {}
}

/// A product that a low-rank change can be trained for.
package typealias TrainedModule = AdapterTarget

extension AdapterTarget {
    /// Its part of the seed of its initial A.
    var number: UInt64 {
        switch self {
        case .query: 1
        case .value: 2
        case .key: 3
        case .output: 4
        case .gate: 5
        case .up: 6
        case .down: 7
        case .head: 8
        }
    }
}
