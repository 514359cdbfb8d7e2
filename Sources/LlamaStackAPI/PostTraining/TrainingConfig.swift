/// The optimisers that the draft names.
public enum OptimizerType: String, WireEnum {
    /// Adam (Kingma and Ba 2014, arXiv:1412.6980).
    case adam
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101).
    case adamw
    /// Stochastic gradient descent.
    case sgd
}

/// The optimiser and its learning rate.
public struct OptimizerConfig: WireRecord, Hashable {
    /// The optimiser.
    public var optimizerType: OptimizerType
    /// The learning rate at its peak.
    public var lr: Double
    /// The learning rate that the schedule ends with.
    public var lrMin: Double
    /// How much weights shrink a step; 0: not at all.
    public var weightDecay: Double

    /// Creates the record: the draft has no defaults for it. Ranges are checked by the provider.
    public init(optimizerType: OptimizerType, lr: Double, lrMin: Double, weightDecay: Double) {
        (self.optimizerType, self.lr, self.lrMin, self.weightDecay) = (optimizerType, lr, lrMin, weightDecay)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "OptimizerConfig", Self.init,
        Field("optimizer_type", \.optimizerType, "Which optimiser."),
        Field("lr", \.lr, "The learning rate at its peak."),
        Field("lr_min", \.lrMin, "The learning rate that the schedule ends with."),
        Field("weight_decay", \.weightDecay, "How much weights shrink a step."))
}

/// The training loop.
public struct TrainingConfig: WireRecord, Hashable {
    /// The number of passes over the data. Training ends at this or at `nIters`, whichever comes first.
    public var nEpochs: Int
    /// The number of examples in a step.
    public var batchSize: Int
    /// Whether the examples come in a random order.
    public var shuffle: Bool
    /// The most optimiser steps; 0: no cap.
    public var nIters: Int
    /// Compute activations again in the backward pass in place of keeping them: less memory, more time.
    public var enableActivationCheckpointing: Bool
    /// A hint for training on several devices (FSDP); a provider on one device ignores it.
    public var memoryEfficientFSDPWrap: Bool
    /// A hint for training on several devices (FSDP); a provider on one device ignores it.
    public var fsdpCPUOffload: Bool

    /// Creates the record: the draft has no defaults for it. Ranges are checked by the provider.
    public init(
        nEpochs: Int, batchSize: Int, shuffle: Bool, nIters: Int, enableActivationCheckpointing: Bool,
        memoryEfficientFSDPWrap: Bool, fsdpCPUOffload: Bool
    ) {
        self.nEpochs = nEpochs
        self.batchSize = batchSize
        self.shuffle = shuffle
        self.nIters = nIters
        self.enableActivationCheckpointing = enableActivationCheckpointing
        self.memoryEfficientFSDPWrap = memoryEfficientFSDPWrap
        self.fsdpCPUOffload = fsdpCPUOffload
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "TrainingConfig", Self.init,
        Field("n_epochs", \.nEpochs, "How often to go through the data."),
        Field("batch_size", \.batchSize, "Examples a step."),
        Field("shuffle", \.shuffle, "Whether to mix the examples."),
        Field("n_iters", \.nIters, "The most steps; 0: no cap."),
        Field(
            "enable_activation_checkpointing", \.enableActivationCheckpointing,
            "Compute activations again to save memory."),
        Field("memory_efficient_fsdp_wrap", \.memoryEfficientFSDPWrap, "A hint for training on several devices."),
        Field("fsdp_cpu_offload", \.fsdpCPUOffload, "A hint for training on several devices."))
}
