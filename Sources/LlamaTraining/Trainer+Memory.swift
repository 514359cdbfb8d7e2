import CKernels
import Checkpoints
import LlamaEngine

extension Trainer {
    /// Bytes that a trainer holds at its peak beside its base: parameters with gradients and moments, activations of
    /// the largest pass, logits of a chunk.
    /// - Parameters:
    ///   - tiesHead: whether the head is the embedding.
    ///   - longestRow: tokens of the longest example.
    package static func memoryEstimate(
        _ configuration: ModelConfiguration, tiesHead: Bool, settings: TrainingSettings, longestRow: Int, threads: Int
    ) -> Int {
        let (step, overflow) = settings.batchSize.multipliedReportingOverflow(by: longestRow)
        let tokens = max(longestRow, min(settings.tokensPerPassMax, overflow ? .max : step))
        // Norms of heads are not known from the configuration: counted as if there were some.
        let layout = ActivationLayout(configuration, settings: settings, hasHeadNorms: true)
        let pass = TrainedDecoder.passFloats(
            configuration, layout: layout, tokens: tokens, keepsInputsAlone: settings.checkpointsActivations)
        let logits = HeadLayer.chunk * (configuration.vocabulary + 2 * configuration.hidden)
        let copies = 2 + (settings.optimiser == .sgd ? 0 : 2)
        let kernels = threads * lk_training_scratch(configuration.headDimension)
        let frozen = settings.algorithm == .qlora ? nf4Bytes(configuration) : 0
        let trained = parameters(configuration, tiesHead: tiesHead, settings: settings)
        // The largest tensor of a whole model is copied once more while it is saved.
        let saved = settings.algorithm == .full ? configuration.vocabulary * configuration.hidden : 0
        let floats = pass + logits + copies * trained + saved + kernels
        return floats * MemoryLayout<Float>.stride + frozen
    }

    /// Bytes of the linear layers in NF4.
    private static func nf4Bytes(_ configuration: ModelConfiguration) -> Int {
        configuration.layers
            * AdapterTarget.ofLayer.reduce(0) { sum, target in
                let size = target.size(in: configuration)
                return sum + lk_panels(size.outputs) * lk_panel_bytes(LK_NF4, size.inputs)
            }
    }

    /// Numbers that such a run trains.
    static func parameters(_ configuration: ModelConfiguration, tiesHead: Bool, settings: TrainingSettings) -> Int {
        if settings.algorithm == .full {
            let targets = AdapterTarget.ofLayer.map { $0.size(in: configuration) }
            let layer = targets.reduce(2 * configuration.hidden) { $0 + $1.inputs * $1.outputs }
            return configuration.layers * layer
                + (tiesHead ? 1 : 2) * configuration.vocabulary * configuration.hidden + configuration.hidden
        }
        return settings.modules.reduce(0) { sum, module in
            let size = module.size(in: configuration)
            let change = settings.rank * (size.inputs + size.outputs) + (settings.algorithm == .dora ? size.outputs : 0)
            return sum + change * (module == .head ? 1 : configuration.layers)
        }
    }
}
