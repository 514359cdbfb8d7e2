/// The algorithms of preference optimisation.
public enum RLHFAlgorithm: String, WireEnum {
    /// Direct preference optimisation: ``DPOAlignmentConfig``.
    case dpo
}

/// Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290).
///
/// The draft names the four fields and does not explain them: their meaning here is this project's choice. With
/// `rewardScale` b and 0 for the others it is the paper's loss with beta b.
public struct DPOAlignmentConfig: WireRecord, Hashable {
    /// The beta of the loss: how strongly the model is held to the reference model.
    public var rewardScale: Double
    /// The largest absolute difference of the implied rewards; 0: no bound.
    public var rewardClip: Double
    /// Label smoothing, in [0, 0.5): the share of pairs whose preference is taken to be the wrong way round. 0: none.
    public var epsilon: Double
    /// The margin that is subtracted inside the sigmoid; 0: none.
    public var gamma: Double

    /// Creates the record. Ranges are checked by the provider.
    public init(rewardScale: Double, rewardClip: Double, epsilon: Double, gamma: Double) {
        (self.rewardScale, self.rewardClip, self.epsilon, self.gamma) = (rewardScale, rewardClip, epsilon, gamma)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "DPOAlignmentConfig", Self.init,
        Field("reward_scale", \.rewardScale, "The loss's beta."),
        Field("reward_clip", \.rewardClip, "The largest absolute difference of the implied rewards; 0: no bound."),
        Field("epsilon", \.epsilon, "Label smoothing, in [0, 0.5)."),
        Field("gamma", \.gamma, "The margin subtracted inside the sigmoid."))
}

/// A preference optimisation job to start.
public struct PostTrainingRLHFRequest: WireRecord, Hashable {
    /// The job's id, chosen by the caller: 1 to 200 bytes without control characters. In use already: `already_exists`.
    public var jobUUID: String
    /// The model to start from, by the URL of its weights.
    public var finetunedModel: WireURL
    /// The preference data to train on: for each row a prompt, a chosen and a rejected answer.
    public var dataset: Dataset
    /// The data to validate with; the draft requires it, and it may be the same dataset.
    public var validationDataset: Dataset
    /// The algorithm; there is one.
    public var algorithm: RLHFAlgorithm
    /// The algorithm's own settings.
    public var algorithmConfig: DPOAlignmentConfig
    /// The optimiser and its learning rate.
    public var optimizerConfig: OptimizerConfig
    /// The training loop.
    public var trainingConfig: TrainingConfig
    /// Free members, which the draft requires and does not define; may be empty.
    public var hyperparamSearchConfig: JSONObject
    /// Free members, which the draft requires and does not define; may be empty.
    public var loggerConfig: JSONObject

    /// Creates the record: the draft has no defaults for it. Checks nothing.
    public init(
        jobUUID: String, finetunedModel: WireURL, dataset: Dataset, validationDataset: Dataset,
        algorithm: RLHFAlgorithm, algorithmConfig: DPOAlignmentConfig, optimizerConfig: OptimizerConfig,
        trainingConfig: TrainingConfig, hyperparamSearchConfig: JSONObject, loggerConfig: JSONObject
    ) {
        self.jobUUID = jobUUID
        self.finetunedModel = finetunedModel
        self.dataset = dataset
        self.validationDataset = validationDataset
        self.algorithm = algorithm
        self.algorithmConfig = algorithmConfig
        self.optimizerConfig = optimizerConfig
        self.trainingConfig = trainingConfig
        self.hyperparamSearchConfig = hyperparamSearchConfig
        self.loggerConfig = loggerConfig
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "PostTrainingRLHFRequest", Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id, chosen by the caller."),
        Field("finetuned_model", \.finetunedModel, "The model to start from."),
        Field("dataset", \.dataset, "The data to train on."),
        Field("validation_dataset", \.validationDataset, "The data to validate with."),
        Field("algorithm", \.algorithm, "Which algorithm."),
        Field("algorithm_config", \.algorithmConfig, "The algorithm's own settings."),
        Field("optimizer_config", \.optimizerConfig, "The optimiser."),
        Field("training_config", \.trainingConfig, "The training loop."),
        Field("hyperparam_search_config", \.hyperparamSearchConfig, "Free members."),
        Field("logger_config", \.loggerConfig, "Free members."))
}
