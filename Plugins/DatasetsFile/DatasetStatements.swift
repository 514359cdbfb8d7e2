import Foundation
import GRDB
import ProviderKit
import Storage

extension Store.Form {
    /// The register. `definition` is the dataset as JSON, as it was given.
    static let datasets = Store.Form(
        name: "datasets.sqlite", applicationID: "LSds",
        steps: [
            (
                "1 datasets",
                """
                CREATE TABLE dataset (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    uuid TEXT NOT NULL UNIQUE,
                    rows INTEGER NOT NULL,
                    definition BLOB NOT NULL
                );
                """
            )
        ])
}

extension Database {
    func checkDatasetIsNew(_ uuid: String) throws {
        guard try Int.fetchOne(self, sql: "SELECT 1 FROM dataset WHERE uuid = ?", arguments: [uuid]) == nil else {
            throw Self.exists(uuid)
        }
    }

    func addDataset(_ request: CreateDatasetRequest, rows: Int, datasetsMax: Int) throws {
        let count = try Int.fetchOne(self, sql: "SELECT count(*) FROM dataset") ?? 0
        guard count < datasetsMax else {
            throw ProviderError(.storageFull, "there are \(count) datasets, and datasets_max is \(datasetsMax)")
        }
        try execute(
            sql: "INSERT INTO dataset (uuid, rows, definition) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            arguments: [request.uuid, rows, Data(request.dataset.json.bytes)])
        guard changesCount == 1 else { throw Self.exists(request.uuid) }
    }

    func dataset(_ uuid: String) throws -> Dataset {
        let bytes = try Data.fetchOne(
            self, sql: "SELECT definition FROM dataset WHERE uuid = ?", arguments: [uuid])
        guard let bytes else { throw Self.unknown(uuid) }
        // A data: URL is one long string.
        let limits = JSONLimits(bodyBytesMax: bytes.count)
        guard let json = try? JSON(parsing: [UInt8](bytes), limits: limits),
            let dataset = try? Dataset(json: json, at: .root)
        else {
            throw ProviderError(
                .providerUnavailable, "the dataset '\(uuid)' is damaged on disk: delete it, and create it again")
        }
        return dataset
    }

    func deleteDataset(_ uuid: String) throws {
        try execute(sql: "DELETE FROM dataset WHERE uuid = ?", arguments: [uuid])
        guard changesCount == 1 else { throw Self.unknown(uuid) }
    }

    private static func exists(_ uuid: String) -> ProviderError {
        ProviderError(.alreadyExists, "there is a dataset '\(uuid)' already", field: "uuid")
    }

    private static func unknown(_ uuid: String) -> ProviderError {
        ProviderError(.notFound, "there is no dataset '\(uuid)'", field: "dataset_id")
    }
}
