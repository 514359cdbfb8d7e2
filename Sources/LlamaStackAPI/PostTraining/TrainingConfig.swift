public enum OptimizerType: String, WireEnum {
    case adam, adamw, sgd
}

/// The optimiser and its learning rate.
public struct OptimizerConfig: WireRecord, Hashable {
    public var optimizerType: OptimizerType
    public var lr: Double
    public var lrMin: Double
    public var weightDecay: Double

    public init(optimizerType: OptimizerType, lr: Double, lrMin: Double, weightDecay: Double) {
        (self.optimizerType, self.lr, self.lrMin, self.weightDecay) = (optimizerType, lr, lrMin, weightDecay)
    }

    public static let object = Object(
        "OptimizerConfig", Self.init,
        Field("optimizer_type", \.optimizerType, "Which optimiser."),
        Field("lr", \.lr, "The learning rate at its peak."),
        Field("lr_min", \.lrMin, "The learning rate that the schedule ends with."),
        Field("weight_decay", \.weightDecay, "How much weights shrink a step."))
}

/// The training loop.
public struct TrainingConfig: WireRecord, Hashable {
    public var nEpochs: Int
    public var batchSize: Int
    public var shuffle: Bool
    public var nIters: Int
    public var enableActivationCheckpointing: Bool
    public var memoryEfficientFSDPWrap: Bool
    public var fsdpCPUOffload: Bool

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
