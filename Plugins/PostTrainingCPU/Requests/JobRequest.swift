import ProviderKit

/// A job as it was asked for, by either of the two routes. The two have one space of ids.
enum JobRequest: Sendable, Equatable {
    case supervised(PostTrainingSFTRequest)
    case preference(PostTrainingRLHFRequest)

    /// The word that a job is stored under.
    enum Kind: String {
        case supervised, preference
    }

    var kind: Kind {
        switch self {
        case .supervised: .supervised
        case .preference: .preference
        }
    }

    var jobUUID: String { common(\.jobUUID, \.jobUUID) }
    var dataset: Dataset { common(\.dataset, \.dataset) }
    var validationDataset: Dataset { common(\.validationDataset, \.validationDataset) }
    var optimizerConfig: OptimizerConfig { common(\.optimizerConfig, \.optimizerConfig) }
    var trainingConfig: TrainingConfig { common(\.trainingConfig, \.trainingConfig) }
    var hyperparamSearchConfig: JSONObject { common(\.hyperparamSearchConfig, \.hyperparamSearchConfig) }
    var loggerConfig: JSONObject { common(\.loggerConfig, \.loggerConfig) }

    /// As it is stored: without the content of `data:` URLs, whose rows are kept apart.
    var storedJSON: JSON {
        func stripped(_ dataset: Dataset) -> Dataset {
            guard dataset.contentURL.string.hasPrefix("data:"), let short = try? WireURL("data:,") else {
                return dataset
            }
            return Dataset(columns: dataset.columns, contentURL: short, metadata: dataset.metadata)
        }
        switch self {
        case .supervised(var request):
            (request.dataset, request.validationDataset) = (
                stripped(request.dataset), stripped(request.validationDataset)
            )
            return request.json
        case .preference(var request):
            (request.dataset, request.validationDataset) = (
                stripped(request.dataset), stripped(request.validationDataset)
            )
            return request.json
        }
    }

    init(_ kind: Kind, stored json: JSON) throws {
        self =
            switch kind {
            case .supervised: .supervised(try PostTrainingSFTRequest(json: json, at: .root))
            case .preference: .preference(try PostTrainingRLHFRequest(json: json, at: .root))
            }
    }

    private func common<Value>(
        _ supervised: KeyPath<PostTrainingSFTRequest, Value>, _ preference: KeyPath<PostTrainingRLHFRequest, Value>
    ) -> Value {
        switch self {
        case .supervised(let request): request[keyPath: supervised]
        case .preference(let request): request[keyPath: preference]
        }
    }
}
