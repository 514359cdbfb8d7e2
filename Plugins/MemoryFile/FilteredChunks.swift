import Documents
import Foundation
import GRDB
import ProviderKit

/// Chunks of some banks whose documents a filter accepts, as one reader sees them. Each document's metadata is read once.
final class FilteredChunks {
    private let db: Database
    /// The caller's id of each bank.
    private let banks: [Int64: String]
    private let filter: MetadataFilter
    private var documents: [Int64: (uuid: String, bank: Int64, metadata: JSONObject)?] = [:]

    init(_ db: Database, _ banks: [Int64: String], _ filter: MetadataFilter) {
        (self.db, self.banks, self.filter) = (db, banks, filter)
    }

    /// False for one that is gone, of another bank, or of a document that the filter does not accept.
    func accepts(_ chunk: Int64) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT document FROM chunk WHERE id = ?")
        guard let document = try Int64.fetchOne(statement, arguments: [chunk]) else { return false }
        return try self.document(document) != nil
    }

    /// nil for one that is not accepted.
    func chunk(_ id: Int64, score: Double) throws -> MemoryBankChunk? {
        let statement = try db.cachedStatement(
            sql: "SELECT document, position, first_byte, end_byte, tokens, text FROM chunk WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id]), let document = try document(row[0]),
            let bank = banks[document.bank]
        else { return nil }
        return MemoryBankChunk(
            bankUUID: bank, documentUUID: document.uuid, index: row[1], start: row[2], end: row[3], tokenCount: row[4],
            score: score, text: row[5], metadata: document.metadata)
    }

    private func document(_ id: Int64) throws -> (uuid: String, bank: Int64, metadata: JSONObject)? {
        if let known = documents[id] { return known }
        let statement = try db.cachedStatement(sql: "SELECT uuid, bank, metadata FROM document WHERE id = ?")
        var document: (uuid: String, bank: Int64, metadata: JSONObject)?
        if let row = try Row.fetchOne(statement, arguments: [id]), banks[row[1]] != nil,
            let metadata = try? JSON(parsing: [UInt8](row[2] as Data)).objectValue, filter.accepts(metadata)
        {
            document = (row[0], row[1], metadata)
        }
        documents[id] = .some(document)
        return document
    }
}
