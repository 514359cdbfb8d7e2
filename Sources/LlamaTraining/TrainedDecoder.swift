import Checkpoints
import LlamaEngine
import Parallel

/// The decoder in training: the way forward and the way back over one pack at a time.
final class TrainedDecoder {
    let configuration: ModelConfiguration
    let parameters: [Parameter]
    /// The low-rank changes among them.
    let changes: [LowRankChange]
    private let quantised: [NF4Matrix]
    private let embedding: EmbeddingLayer
    private let layers: [DecoderLayer]
    private let head: HeadLayer
    private let rope: RopeTable
    private let bench: Workbench
    private let layout: ActivationLayout
    private let keepsInputsAlone: Bool
    private let isEmbeddingTrained: Bool

    private let rotations: Rotations
    private let scratch: PassScratch
    /// The residual stream, [layers + 1, tokens, hidden].
    private let stream: FloatBuffer
    /// The activations of each layer, or of the one that is computed where inputs alone are kept.
    private let kept: FloatBuffer
    private var tokens = 0

    init(
        _ weights: TrainedWeights, _ configuration: ModelConfiguration, settings: TrainingSettings, bench: Workbench
    ) throws(TrainingError) {
        self.configuration = configuration
        self.bench = bench
        (embedding, layers, rope) = (weights.embedding, weights.layers, weights.rope)
        (parameters, changes, quantised) = (weights.parameters, weights.changes, weights.quantised)
        head = try HeadLayer(norm: weights.finalNorm, linear: weights.head, bench: bench)
        layout = ActivationLayout(
            configuration, settings: settings, hasHeadNorms: layers.contains { $0.attention.queryNorm != nil })
        keepsInputsAlone = settings.checkpointsActivations
        isEmbeddingTrained = settings.algorithm == .full
        rotations = try Rotations()
        scratch = try PassScratch(configuration)
        stream = try FloatBuffer(1)
        kept = try FloatBuffer(1)
    }

    /// Floats of a pass over this many tokens.
    static func passFloats(
        _ configuration: ModelConfiguration, layout: ActivationLayout, tokens: Int, keepsInputsAlone: Bool
    ) -> Int {
        (configuration.layers + 1) * ActivationLayout.padded(tokens) * configuration.hidden
            + layout.count(tokens: tokens) * (keepsInputsAlone ? 1 : configuration.layers)
            + PassScratch.count(configuration, tokens: tokens)
            // The rotations, and the gradient behind the last norm.
            + tokens * (configuration.rope.dimension + configuration.hidden)
    }

    /// Makes DoRA's factors for the numbers as they are. To be called when parameters have changed.
    func prepare() throws(TrainingError) {
        for layer in layers {
            for linear in layer.linears { try linear.change?.prepare(linear.matrix, bench) }
        }
        try head.linear.change?.prepare(head.linear.matrix, bench)
    }

    private func reserve(tokens: Int, isForwardAlone: Bool) throws(TrainingError) {
        self.tokens = tokens
        try stream.reserve((configuration.layers + 1) * ActivationLayout.padded(tokens) * configuration.hidden)
        let copies = isForwardAlone || keepsInputsAlone ? 1 : configuration.layers
        try kept.reserve(layout.count(tokens: tokens) * copies)
        try scratch.reserve(tokens: tokens)
    }

    /// The input of layer `index`; of the last and one, what the head reads.
    private func input(_ index: Int) -> UnsafeMutablePointer<Float> {
        stream.base + index * ActivationLayout.padded(tokens) * configuration.hidden
    }

    private func activations(_ index: Int, isForwardAlone: Bool) -> LayerActivations {
        let place = isForwardAlone || keepsInputsAlone ? 0 : index
        return layout.activations(at: kept.base + place * layout.count(tokens: tokens), tokens: tokens)
    }

    /// Computes a pack up to the head.
    private func forward(
        _ pack: Pack, isForwardAlone: Bool, isCancelled: () -> Bool
    ) throws(TrainingError) -> Pass {
        try reserve(tokens: pack.tokens.count, isForwardAlone: isForwardAlone)
        try rotations.fill(pack.positions, pairs: configuration.rope.dimension / 2, table: rope, bench)
        let pass = Pass(pack: pack, rotations: rotations, scratch: scratch, bench: bench)
        embedding.forward(pack.tokens, to: input(0), bench)
        for (index, layer) in layers.enumerated() {
            if isCancelled() { throw TrainingError.cancelled }
            try layer.forward(
                input(index), to: input(index + 1), activations(index, isForwardAlone: isForwardAlone), pass)
        }
        return pass
    }

    /// The loss of each target of a pack.
    func losses(_ pack: Pack, isCancelled: () -> Bool) throws(TrainingError) -> [Float] {
        _ = try forward(pack, isForwardAlone: true, isCancelled: isCancelled)
        return try head.losses(input(layers.count), pack.targets, isCancelled: isCancelled)
    }

    /// The loss of each target of a pack; adds to the gradients of all parameters those of the sum of losses times
    /// their weights.
    func train(
        _ pack: Pack, _ weights: TargetWeights, isCancelled: () -> Bool
    ) throws(TrainingError) -> [Float] {
        let pass = try forward(pack, isForwardAlone: false, isCancelled: isCancelled)
        let losses = try head.gradients(
            input(layers.count), tokens: tokens, pack.targets, weights, dx: scratch.dx, isCancelled: isCancelled)
        for (index, layer) in layers.enumerated().reversed() {
            if isCancelled() { throw TrainingError.cancelled }
            let activations = activations(index, isForwardAlone: false)
            if keepsInputsAlone { try layer.forward(input(index), to: nil, activations, pass) }
            try layer.backward(input(index), activations, isLowest: index == 0 && !isEmbeddingTrained, pass)
        }
        embedding.backward(pack.tokens, dx: scratch.dx, bench)
        return losses
    }
}
