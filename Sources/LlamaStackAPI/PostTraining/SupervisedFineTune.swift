/// A supervised fine-tuning job to start.
public struct PostTrainingSFTRequest: WireRecord, Hashable {
    public var jobUUID: String
    public var model: PretrainedModel
    public var dataset: Dataset
    public var validationDataset: Dataset
    public var algorithm: FinetuningAlgorithm
    public var algorithmConfig: FinetuningAlgorithmConfig
    public var optimizerConfig: OptimizerConfig
    public var trainingConfig: TrainingConfig
    public var hyperparamSearchConfig: JSONObject
    public var loggerConfig: JSONObject

    public init(
        jobUUID: String, model: PretrainedModel, dataset: Dataset, validationDataset: Dataset,
        algorithm: FinetuningAlgorithm, algorithmConfig: FinetuningAlgorithmConfig, optimizerConfig: OptimizerConfig,
        trainingConfig: TrainingConfig, hyperparamSearchConfig: JSONObject, loggerConfig: JSONObject
    ) {
        self.jobUUID = jobUUID
        self.model = model
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
        "PostTrainingSFTRequest", Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id, chosen by the caller."),
        Field("model", \.model, "The model to start from."),
        Field("dataset", \.dataset, "The data to train on."),
        Field("validation_dataset", \.validationDataset, "The data to validate with."),
        Field("algorithm", \.algorithm, "Whether to train all weights or an adapter."),
        Field(
            "algorithm_config", \.algorithmConfig, taggedBy: "algorithm",
            "The adapter's settings; ignored with the algorithm full."),
        Field("optimizer_config", \.optimizerConfig, "The optimiser."),
        Field("training_config", \.trainingConfig, "The training loop."),
        Field("hyperparam_search_config", \.hyperparamSearchConfig, "Free members."),
        Field("logger_config", \.loggerConfig, "Free members."))
}
