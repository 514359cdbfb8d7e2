public enum RLHFAlgorithm: String, WireEnum {
    case dpo
}

/// Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290).
public struct DPOAlignmentConfig: WireRecord, Hashable {
    public var rewardScale: Double
    public var rewardClip: Double
    public var epsilon: Double
    public var gamma: Double

    public init(rewardScale: Double, rewardClip: Double, epsilon: Double, gamma: Double) {
        (self.rewardScale, self.rewardClip, self.epsilon, self.gamma) = (rewardScale, rewardClip, epsilon, gamma)
    }

    public static let object = Object(
        "DPOAlignmentConfig", Self.init,
        Field("reward_scale", \.rewardScale, "The loss's beta."),
        Field("reward_clip", \.rewardClip, "The largest absolute difference of the implied rewards; 0: no bound."),
        Field("epsilon", \.epsilon, "Label smoothing, in [0, 0.5)."),
        Field("gamma", \.gamma, "The margin subtracted inside the sigmoid."))
}

/// A preference optimisation job to start.
public struct PostTrainingRLHFRequest: WireRecord, Hashable {
    public var jobUUID: String
    public var finetunedModel: WireURL
    public var dataset: Dataset
    public var validationDataset: Dataset
    public var algorithm: RLHFAlgorithm
    public var algorithmConfig: DPOAlignmentConfig
    public var optimizerConfig: OptimizerConfig
    public var trainingConfig: TrainingConfig
    public var hyperparamSearchConfig: JSONObject
    public var loggerConfig: JSONObject

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
