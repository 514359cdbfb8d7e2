import Dispatch
import Foundation
import GRDB
import ProviderKit
import Storage

/// Registers datasets: their rows are read once, checked against the columns, and stay where they are.
final class DatasetsFileProvider: DatasetsProvider {
    static let providerType = "inline::file"
    static let version = "1.0.0"
    static let summary =
        "Registers datasets in files below configured folders, or in data: URLs, and checks their rows."

    private let configuration: DatasetsFileConfiguration
    private let opener: ContentOpener
    private let store: Store
    /// Reading blocks: not on Swift's shared threads.
    private let queue = DispatchQueue(label: "datasets-file", attributes: .concurrent)

    init(configuration: DatasetsFileConfiguration, context: ProviderContext) async throws {
        guard let folder = context.statePath else {
            throw ProviderError(
                .invalidConfig,
                "\(Self.providerType) keeps its register on disk: the distribution must name a 'state' folder")
        }
        self.configuration = configuration
        opener = ContentOpener(roots: configuration.fileRoots.map(context.path))
        store = try await Store.open(.datasets, in: folder, log: context.log)
    }

    func shutdown() async { await store.close() }

    /// Answers when every row was checked and the entry is on disk.
    func create(_ request: CreateDatasetRequest, _ call: Call) async throws {
        let dataset = request.dataset
        guard (1...configuration.columnsMax).contains(dataset.columns.count) else {
            throw ProviderError(
                .invalidRequest,
                "dataset.columns must be 1 to \(configuration.columnsMax) columns, got \(dataset.columns.count)",
                field: "dataset.columns")
        }
        // Before the rows are read, and again with the entry: another call may be faster.
        try await store.read { try $0.checkDatasetIsNew(request.uuid) }
        let rows = try await rows(of: dataset)
        let datasetsMax = configuration.datasetsMax
        try await store.write { try $0.addDataset(request, rows: rows, datasetsMax: datasetsMax) }
        call.log.info("dataset registered", ["rows": "\(rows)"])
    }

    func get(_ dataset: DatasetQuery, _ call: Call) async throws -> Dataset {
        try await store.read { try $0.dataset(dataset.datasetID) }
    }

    func delete(_ dataset: DatasetQuery, _ call: Call) async throws {
        try await store.write(.freeing) { try $0.deleteDataset(dataset.datasetID) }
    }

    /// Reads and checks all of them; how many there are.
    private func rows(of dataset: Dataset) async throws -> Int {
        let reading = DatasetReading(dataset, opener, configuration)
        let cancelled = Flag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Result { try reading.check { cancelled.isSet } }) }
            }
        } onCancel: {
            cancelled.set()
        }
    }
}
