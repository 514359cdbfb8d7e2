/// A supervised fine-tuning job to start.
public struct PostTrainingSFTRequest: WireRecord, Hashable {
    /// The job's id, chosen by the caller: 1 to 200 bytes without control characters. In use already: `already_exists`.
    public var jobUUID: String
    /// The id of the model to start from.
    public var model: PretrainedModel
    /// The data to train on: a column of dialogs or of texts.
    public var dataset: Dataset
    /// The data to validate with; the draft requires it, and it may be the same dataset.
    public var validationDataset: Dataset
    /// Whether to train all weights or an adapter. It also says how `algorithmConfig` is read.
    public var algorithm: FinetuningAlgorithm
    /// The adapter's settings; required and ignored with the algorithm `full`.
    public var algorithmConfig: FinetuningAlgorithmConfig
    /// The optimiser and its learning rate.
    public var optimizerConfig: OptimizerConfig
    /// The training loop.
    public var trainingConfig: TrainingConfig
    /// Free members, which the draft requires and does not define; may be empty.
    public var hyperparamSearchConfig: JSONObject
    /// Free members, which the draft requires and does not define; may be empty.
    public var loggerConfig: JSONObject

    /// Creates the record: the draft has no defaults for it. Checks nothing; that `algorithmConfig` is of the
    /// algorithm's kind is the caller's to see to.
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

    /// The record's fields, for decoding, encoding and the schema.
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
