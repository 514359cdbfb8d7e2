import ProviderKit

struct ScriptedDatasets: DatasetsProvider, Scripted {
    init(configuration: NoConfiguration, context: ProviderContext) {}

    func create(_ request: CreateDatasetRequest, _ call: Call) async throws { call.note(body: request.json) }

    func get(_ dataset: DatasetQuery, _ call: Call) async throws -> Dataset {
        call.note(dataset.json)
        return Dataset(
            columns: ["text": .text], contentURL: try WireURL("file:///rows.jsonl"),
            metadata: ["id": .string(dataset.datasetID)])
    }

    func delete(_ dataset: DatasetQuery, _ call: Call) async throws { call.note(dataset.json) }
}

struct ScriptedRewards: RewardScoringProvider, Scripted {
    init(configuration: NoConfiguration, context: ProviderContext) {}

    func score(_ request: RewardScoringRequest, _ call: Call) async throws -> RewardScoringResponse {
        call.note(body: request.json)
        return RewardScoringResponse(
            scoredGenerations: request.promptGenerations.map { prompt in
                KScoredPromptGenerations(
                    prompt: prompt.dialog.message,
                    kScoredGenerations: prompt.kGenerations.map { ScoredMessage(message: $0, score: 0.5) })
            })
    }
}

struct ScriptedSynthesis: SyntheticDataGenerationProvider, Scripted {
    init(configuration: NoConfiguration, context: ProviderContext) {}

    func generate(
        _ request: SyntheticDataGenerationRequest, _ call: Call
    ) async throws -> SyntheticDataGenerationResponse {
        call.note(body: request.json)
        return SyntheticDataGenerationResponse(
            syntheticData: request.prompts.map { KScoredPromptGenerations(prompt: $0, kScoredGenerations: []) },
            statistics: ["prompts": .integer(Int64(request.prompts.count))])
    }
}
