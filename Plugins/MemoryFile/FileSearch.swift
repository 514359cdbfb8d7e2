import Foundation
import GRDB
import MemoryBanks
import ProviderKit
import Storage

/// A query in one transaction. Each document's metadata is read once.
package final class FileSearch: ChunkSearch {
    private let transaction: FileTransaction
    /// The caller's id of each bank.
    private let banks: [Int64: String]
    private let filter: MetadataFilter
    private let words: KeywordQuery
    private var documents: [Int64: (uuid: String, bank: Int64, metadata: JSONObject)?] = [:]

    init(_ transaction: FileTransaction, _ query: ChunkQuery, _ banks: [Int64: String]) {
        (self.transaction, self.banks) = (transaction, banks)
        (filter, words) = (query.filter, KeywordQuery(query.text))
    }

    package func byWords(_ countMin: Int, _ take: (WordMatch) throws -> Bool) throws {
        try words.ranked(transaction.db, banks.keys.sorted(), take)
    }

    package func byMeaning(_ vector: [Float], _ countMin: Int, _ take: (Int64, Double) throws -> Bool) throws {
        guard let vectors = transaction.vectors else { return }
        let query = VectorQuery(vector: vector, vectors: vectors)
        for match in try query.ranked(transaction, Array(banks.keys), accepts, countMax: countMin) {
            guard try take(match.id, Double(match.score)) else { return }
        }
    }

    package func accepts(_ chunk: Int64) throws -> Bool {
        guard let document: Int64 = try transaction.db.one("SELECT document FROM chunk WHERE id = ?", [chunk]) else {
            return false
        }
        return try self.document(document) != nil
    }

    package func chunk(_ id: Int64) throws -> MemoryBankChunk? {
        let row = try transaction.db.rows(
            "SELECT document, position, first_byte, end_byte, tokens, CAST(text AS BLOB) FROM chunk WHERE id = ?", [id]
        ).first
        guard let row, let document = try document(row[0]), let bank = banks[document.bank] else { return nil }
        return MemoryBankChunk(
            bankUUID: bank, documentUUID: document.uuid, index: row[1], start: row[2], end: row[3], tokenCount: row[4],
            score: 0, text: String(decoding: row[5] as Data, as: UTF8.self), metadata: document.metadata)
    }

    private func document(_ id: Int64) throws -> (uuid: String, bank: Int64, metadata: JSONObject)? {
        if let known = documents[id] { return known }
        let row = try transaction.db.rows("SELECT uuid, bank, metadata FROM document WHERE id = ?", [id]).first
        var document: (uuid: String, bank: Int64, metadata: JSONObject)?
        if let row, banks[row[1]] != nil, let metadata = try? JSON(parsing: [UInt8](row[2] as Data)).objectValue,
            filter.accepts(metadata)
        {
            document = (row[0], row[1], metadata)
        }
        documents[id] = .some(document)
        return document
    }
}
