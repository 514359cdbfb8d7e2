import LlamaStackAPI

/// Typed calls to `datasets` of another provider. Every method throws as ``HostCaller/answer(_:_:_:options:)`` does.
public struct DatasetsClient: Sendable {
    /// For calls with options, or of an endpoint that has no method here.
    public let caller: HostCaller

    /// Registers a dataset. Throws `alreadyExists` when its id is in use.
    public func create(_ request: CreateDatasetRequest) async throws {
        _ = try await caller.answer(Datasets.create, Nothing(), request)
    }

    /// The dataset as it was registered. Throws `notFound` when it does not exist.
    public func get(_ dataset: DatasetQuery) async throws -> Dataset {
        try await caller.answer(Datasets.get, dataset, Nothing())
    }

    /// Forgets a dataset. Throws `notFound` when it does not exist.
    public func delete(_ dataset: DatasetQuery) async throws {
        _ = try await caller.answer(Datasets.delete, dataset, Nothing())
    }
}
