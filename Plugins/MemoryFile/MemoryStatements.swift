import Documents
import Foundation
import GRDB
import ProviderKit

// Every statement about banks and documents. What a caller said is always bound, never part of the SQL.

extension Database {
    /// The row of a bank; 404 when there is none.
    func bank(_ uuid: String, field: String = "bank_uuid") throws -> Int64 {
        let statement = try cachedStatement(sql: "SELECT id FROM bank WHERE uuid = ?")
        guard let id = try Int64.fetchOne(statement, arguments: [uuid]) else {
            throw ProviderError(.notFound, "there is no memory bank '\(uuid)'", field: field)
        }
        return id
    }

    func createBank(_ uuid: String, _ name: String, banksMax: Int) throws {
        let count = try Int.fetchOne(cachedStatement(sql: "SELECT count(*) FROM bank")) ?? 0
        guard count < banksMax else {
            throw ProviderError(.storageFull, "there are \(count) memory banks, and banks_max is \(banksMax)")
        }
        try cachedStatement(sql: "INSERT INTO bank (uuid, name) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .execute(arguments: [uuid, name])
        guard changesCount == 1 else {
            throw ProviderError(.alreadyExists, "there is a memory bank '\(uuid)' already", field: "bank_uuid")
        }
    }

    /// Nobody can see the bank from now on; its rows go later, a few at a time.
    func dropBank(_ uuid: String) throws -> Int64 {
        let id = try bank(uuid)
        try cachedStatement(sql: "UPDATE bank SET uuid = NULL WHERE id = ?").execute(arguments: [id])
        return id
    }

    func banks() throws -> [MemoryBank] {
        let statement = try cachedStatement(sql: "SELECT uuid, name FROM bank WHERE uuid IS NOT NULL ORDER BY id")
        return try Row.fetchAll(statement).map { MemoryBank(uuid: $0[0], name: $0[1]) }
    }

    func status(of uuid: String, isEmbedding: Bool) throws -> MemoryBankStatus {
        var status = MemoryBankStatus(bankUUID: uuid, documents: 0, pending: 0, indexed: 0, notIndexed: 0, chunks: 0)
        let bank = try bank(uuid)
        let statement = try cachedStatement(
            sql: "SELECT state, count(*), sum(chunks) FROM document WHERE bank = ? GROUP BY state")
        for row in try Row.fetchAll(statement, arguments: [bank]) {
            let count: Int = row[1]
            status.documents += count
            switch DocumentState(rawValue: row[0]) {
            case .pending, .remote: status.pending += count
            case .indexed: (status.indexed, status.chunks) = (count, row[2])
            case .notIndexed, nil: status.notIndexed += count
            }
        }
        if isEmbedding {
            status.embeddingPending = try Int.fetchOne(
                cachedStatement(
                    sql: """
                        SELECT count(*) FROM embedding_due JOIN document ON document.id = embedding_due.document
                        WHERE bank = ?
                        """), arguments: [bank])
        }
        return status
    }

    func insert(_ documents: [DocumentRow], into uuid: String, documentsMax: Int) throws {
        let bank = try bank(uuid)
        try count(documents.count, in: bank, documentsMax)
        let statement = try cachedStatement(
            sql: """
                INSERT INTO document (bank, uuid, state, mime_type, metadata, checksum, content)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """)
        for (index, document) in documents.enumerated() {
            try statement.execute(arguments: [
                bank, document.uuid, document.state.rawValue, document.mimeType, document.metadata, document.checksum,
                document.content,
            ])
            guard changesCount == 1 else {
                throw ProviderError(
                    .alreadyExists,
                    "[\(index)].uuid: the bank has a document '\(document.uuid)' already; update replaces it",
                    field: "[\(index)].uuid")
            }
        }
    }

    /// The chunks that are gone.
    func update(_ documents: [DocumentRow], in uuid: String) throws -> GoneChunks {
        let bank = try bank(uuid)
        var gone = GoneChunks(bank: bank)
        let statement = try cachedStatement(
            sql: """
                UPDATE document SET revision = revision + 1, chunks = 0, state = ?, mime_type = ?, metadata = ?,
                    checksum = ?, content = ? WHERE id = ?
                """)
        for (index, document) in documents.enumerated() {
            guard let id = try self.document(document.uuid, of: bank) else {
                throw ProviderError(
                    .notFound, "[\(index)].uuid: the bank has no document '\(document.uuid)'; insert adds it",
                    field: "[\(index)].uuid")
            }
            gone.ids += try chunks(of: id)
            try deleteChunks(of: id)
            try statement.execute(arguments: [
                document.state.rawValue, document.mimeType, document.metadata, document.checksum, document.content, id,
            ])
        }
        return gone
    }

    /// Those that were there, in the order of `ids`, and their chunks.
    func deleteDocuments(_ ids: [String], of uuid: String) throws -> (deleted: [String], gone: GoneChunks) {
        let bank = try bank(uuid)
        var gone = GoneChunks(bank: bank)
        let statement = try cachedStatement(sql: "DELETE FROM document WHERE id = ?")
        var deleted: [String] = []
        for id in ids {
            guard let row = try document(id, of: bank) else { continue }
            gone.ids += try chunks(of: row)
            try deleteChunks(of: row)
            try statement.execute(arguments: [row])
            deleted.append(id)
        }
        try count(-deleted.count, in: bank, .max)
        return (deleted, gone)
    }

    // MARK: Parts of them

    func deleteChunks(of document: Int64) throws {
        try cachedStatement(sql: "DELETE FROM chunk WHERE document = ?").execute(arguments: [document])
    }

    private func chunks(of document: Int64) throws -> [Int64] {
        try Int64.fetchAll(cachedStatement(sql: "SELECT id FROM chunk WHERE document = ?"), arguments: [document])
    }

    private func document(_ uuid: String, of bank: Int64) throws -> Int64? {
        try Int64.fetchOne(
            cachedStatement(sql: "SELECT id FROM document WHERE bank = ? AND uuid = ?"), arguments: [bank, uuid])
    }

    private func count(_ more: Int, in bank: Int64, _ documentsMax: Int) throws {
        try cachedStatement(sql: "UPDATE bank SET documents = documents + ? WHERE id = ?")
            .execute(arguments: [more, bank])
        let count = try Int.fetchOne(
            cachedStatement(sql: "SELECT documents FROM bank WHERE id = ?"), arguments: [bank])
        guard more <= 0 || count ?? 0 <= documentsMax else {
            throw ProviderError(
                .storageFull,
                "the bank would hold \(count ?? 0) documents, and documents_per_bank_max is \(documentsMax)")
        }
    }
}

/// Chunks that a change has taken away.
struct GoneChunks: Sendable {
    var bank: Int64
    var ids: [Int64] = []
}
