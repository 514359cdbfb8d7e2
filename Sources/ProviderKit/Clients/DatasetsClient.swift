import LlamaStackAPI

/// `datasets`, as another provider calls it.
public struct DatasetsClient: Sendable {
    public let caller: HostCaller

    public func create(_ request: CreateDatasetRequest) async throws {
        _ = try await caller.answer(Datasets.create, Nothing(), request)
    }

    public func get(_ dataset: DatasetQuery) async throws -> Dataset {
        try await caller.answer(Datasets.get, dataset, Nothing())
    }

    public func delete(_ dataset: DatasetQuery) async throws {
        _ = try await caller.answer(Datasets.delete, dataset, Nothing())
    }
}
