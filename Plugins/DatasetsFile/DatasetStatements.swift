import Foundation
import GRDB
import ProviderKit
import Storage

extension Store.Schema {
    /// The register. `definition` is the dataset as JSON, as it was given; `copy` the file of content that was fetched.
    static let datasets = Store.Schema(
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
            ),
            (
                "2 kept copies",
                """
                ALTER TABLE dataset ADD COLUMN copy TEXT;
                ALTER TABLE dataset ADD COLUMN copy_bytes INTEGER;
                ALTER TABLE dataset ADD COLUMN copy_sha256 TEXT;
                """
            ),
            ("3 remembered answers", RememberedAnswers.schema),
        ])
}

extension Database {
    func hasDataset(_ uuid: String) throws -> Bool {
        try Int.fetchOne(self, sql: "SELECT 1 FROM dataset WHERE uuid = ?", arguments: [uuid]) != nil
    }

    func addDataset(_ request: CreateDatasetRequest, rows: Int, copy: KeptCopy?, datasetsMax: Int) throws {
        let count = try Int.fetchOne(self, sql: "SELECT count(*) FROM dataset") ?? 0
        guard count < datasetsMax else {
            throw ProviderError(.storageFull, "there are \(count) datasets, and datasets_max is \(datasetsMax)")
        }
        try execute(
            sql: """
                INSERT INTO dataset (uuid, rows, definition, copy, copy_bytes, copy_sha256) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
            arguments: [
                request.uuid, rows, Data(request.dataset.json.bytes), copy?.name, copy?.bytes, copy?.sha256,
            ])
        guard changesCount == 1 else { throw Self.datasetExists(request.uuid) }
    }

    func dataset(_ uuid: String, damagedCopies: Set<String>) throws -> Dataset {
        let row = try Row.fetchOne(
            self, sql: "SELECT definition, copy FROM dataset WHERE uuid = ?", arguments: [uuid])
        guard let row else { throw Self.unknown(uuid) }
        let (bytes, copy): (Data, String?) = (row[0], row[1])
        // A data: URL is one long string.
        let limits = JSONLimits(bodyBytesMax: bytes.count)
        guard let json = try? JSON(parsing: [UInt8](bytes), limits: limits),
            let dataset = try? Dataset(json: json, at: .root), copy.map(damagedCopies.contains) != true
        else {
            throw ProviderError(
                .providerUnavailable, "the dataset '\(uuid)' is damaged on disk: delete it, and create it again")
        }
        return dataset
    }

    /// The name of its kept copy, when it has one.
    func deleteDataset(_ uuid: String) throws -> String? {
        let deleted = try Row.fetchOne(
            self, sql: "DELETE FROM dataset WHERE uuid = ? RETURNING copy", arguments: [uuid])
        guard let deleted else { throw Self.unknown(uuid) }
        return deleted[0]
    }

    func keptCopies() throws -> [KeptCopy] {
        try Row.fetchAll(
            self, sql: "SELECT copy, copy_bytes, copy_sha256 FROM dataset WHERE copy IS NOT NULL"
        ).map { KeptCopy(name: $0[0], bytes: $0[1], sha256: $0[2]) }
    }

    static func datasetExists(_ uuid: String) -> ProviderError {
        ProviderError(.alreadyExists, "there is a dataset '\(uuid)' already", field: "uuid")
    }

    private static func unknown(_ uuid: String) -> ProviderError {
        ProviderError(.notFound, "there is no dataset '\(uuid)'", field: "dataset_id")
    }
}
