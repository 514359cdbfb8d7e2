import LlamaStackAPI

/// A provider of `datasets`: the register of what can be trained on.
public protocol DatasetsProvider: Provider {
    func create(_ request: CreateDatasetRequest, _ call: Call) async throws
    func get(_ dataset: DatasetQuery, _ call: Call) async throws -> Dataset
    func delete(_ dataset: DatasetQuery, _ call: Call) async throws
}

extension DatasetsProvider {
    public static var api: API { .datasets }

    public static var methods: [Method<Self>] {
        [
            Method(Datasets.create) { try await $0.create($2, $3) },
            Method(Datasets.get) { provider, dataset, _, call in try await provider.get(dataset, call) },
            Method(Datasets.delete) { provider, dataset, _, call in try await provider.delete(dataset, call) },
        ]
    }
}
