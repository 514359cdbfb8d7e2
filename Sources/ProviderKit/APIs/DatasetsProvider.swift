import LlamaStackAPI

/// A provider of `datasets`: the register of what can be trained on.
public protocol DatasetsProvider: Provider {
    /// Registers a dataset under the caller's id. Returns once the entry is stored; the rows stay where `contentURL`
    /// says, unless the provider keeps a copy.
    ///
    /// Throw `alreadyExists` when the id is in use, `invalidRequest` when a row does not match the columns, and
    /// `urlNotAllowed` when the content may not be read from that URL. Nothing is registered then. A cancelled call
    /// leaves the dataset registered whole or not at all.
    func create(_ request: CreateDatasetRequest, _ call: Call) async throws
    /// The dataset as it was registered. It changes nothing.
    ///
    /// Throw `notFound` when the dataset does not exist. The host also calls it to find out whether an id is in use,
    /// before it lets another provider register a dataset with that id.
    func get(_ dataset: DatasetQuery, _ call: Call) async throws -> Dataset
    /// Forgets a dataset, and deletes the copy of its content if the provider keeps one. Content outside the provider
    /// stays.
    ///
    /// Throw `notFound` when the dataset does not exist; a second delete of the same dataset is such a case. A
    /// cancelled call may have deleted it.
    func delete(_ dataset: DatasetQuery, _ call: Call) async throws
}

extension DatasetsProvider {
    /// A conforming provider implements `datasets`.
    public static var api: API { .datasets }

    /// The endpoints of ``Datasets``, each with the method of this protocol that answers it.
    public static var methods: [Method<Self>] {
        [
            Method(Datasets.create) { try await $0.create($2, $3) },
            Method(Datasets.get) { provider, dataset, _, call in try await provider.get(dataset, call) },
            Method(Datasets.delete) { provider, dataset, _, call in try await provider.delete(dataset, call) },
        ]
    }
}
