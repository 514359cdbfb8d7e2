import CKernels
import Checkpoints
import LlamaEngine

extension Trainer {
    /// Bytes that a trainer holds at its peak beside its base: parameters with gradients and moments, activations of
    /// the largest pass, logits of a chunk.
    /// - Parameter longestRow: tokens of the longest example.
    package static func memoryEstimate(
        _ configuration: ModelConfiguration, settings: TrainingSettings, longestRow: Int, threads: Int
    ) -> Int {
        let tokens = max(settings.tokensPerPassMax, longestRow)
        // Norms of heads are not known from the configuration: counted as if there were some.
        let layout = ActivationLayout(configuration, settings: settings, hasHeadNorms: true)
        let pass = TrainedDecoder.passFloats(
            configuration, layout: layout, tokens: tokens, keepsInputsAlone: settings.checkpointsActivations)
        let logits = HeadLayer.chunk * (configuration.vocabulary + 2 * configuration.hidden)
        let copies = 2 + (settings.optimiser == .sgd ? 0 : 2)
        let kernels = threads * lk_training_scratch(configuration.headDimension)
        let floats = pass + logits + copies * parameters(configuration, settings: settings) + kernels
        return floats * MemoryLayout<Float>.stride
    }

    /// Numbers that such a run trains.
    package static func parameters(_ configuration: ModelConfiguration, settings: TrainingSettings) -> Int {
        let targets = AdapterTarget.allCases.map { $0.size(in: configuration) }
        if settings.algorithm == .full {
            let layer = targets.reduce(2 * configuration.hidden) { $0 + $1.inputs * $1.outputs }
            return configuration.layers * layer + configuration.vocabulary * configuration.hidden
                + configuration.hidden
        }
        return settings.modules.reduce(0) { sum, module in
            let size =
                AdapterTarget(rawValue: module.rawValue)?.size(in: configuration)
                ?? (inputs: configuration.hidden, outputs: configuration.vocabulary)
            let change = settings.rank * (size.inputs + size.outputs) + (settings.algorithm == .dora ? size.outputs : 0)
            return sum + change * (module == .head ? 1 : configuration.layers)
        }
    }
}
