import Foundation
import GRDB
import GRDBSQLite
import ProviderKit

extension Database {
    /// In the order of `ids`; those that the bank does not have are left out.
    ///
    /// Steps SQLite's statement itself: what GRDB makes of each id and row (arguments, a cursor, a copy of every
    /// column) took longer than reading them.
    func documents(_ ids: [String], of uuid: String, bytesMax: Int) throws -> [MemoryBankDocument] {
        let bank = try bank(uuid)
        let statement = try cachedStatement(
            sql: "SELECT content, metadata, mime_type, checksum FROM document WHERE bank = ? AND uuid = ?"
        ).sqliteStatement
        defer { sqlite3_clear_bindings(statement) }
        sqlite3_bind_int64(statement, 1, bank)
        var bytes = 0
        var documents: [MemoryBankDocument] = []
        documents.reserveCapacity(ids.count)
        for id in ids {
            guard let document = try row(of: id, statement) else { continue }
            bytes += document.content.bytes.count
            guard bytes <= bytesMax || documents.isEmpty else {
                throw ProviderError(
                    .bodyTooLarge,
                    "the documents hold more than \(bytesMax) bytes together; ask for fewer ids at a time")
            }
            documents.append(document)
        }
        return documents
    }

    /// nil when there is none.
    private func row(of id: String, _ statement: SQLiteStatement) throws -> MemoryBankDocument? {
        var id = id
        // The statement has let go of both the id and its columns when the text's bytes go.
        return try id.withUTF8 { text -> Columns? in
            defer { sqlite3_reset(statement) }
            sqlite3_bind_text(
                statement, 2, UnsafeRawPointer(text.baseAddress)?.assumingMemoryBound(to: CChar.self),
                Int32(text.count), nil)
            switch sqlite3_step(statement) {
            case SQLITE_ROW: return Columns(statement)
            case SQLITE_DONE: return nil
            case let code: throw DatabaseError(resultCode: ResultCode(rawValue: code), message: lastErrorMessage)
            }
        }.map { try MemoryBankDocument(id, $0) }
    }
}

/// A document's columns, copied once out of SQLite's memory.
private struct Columns {
    let content: [UInt8]
    /// nil when it is no JSON object.
    let metadata: JSONObject?
    let mimeType: String
    let isWhole: Bool

    init(_ statement: SQLiteStatement) {
        func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
            let start = sqlite3_column_blob(statement, column)
            return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
        }
        content = Array(bytes(0))
        metadata = try? JSON(parsing: bytes(1)).objectValue
        mimeType = String(decoding: bytes(2), as: UTF8.self)
        isWhole = Checksum.of(bytes(0), bytes(1), bytes(2)) == sqlite3_column_int64(statement, 3)
    }
}

extension MemoryBankDocument {
    /// Throws when the columns are not what was stored.
    fileprivate init(_ uuid: String, _ columns: Columns) throws {
        guard columns.isWhole, let metadata = columns.metadata else {
            throw ProviderError(
                .providerUnavailable, "the document '\(uuid)' is damaged on disk: it is not what was stored")
        }
        self.init(
            uuid: uuid, content: Base64Data(columns.content), metadata: metadata, mimeType: columns.mimeType)
    }
}
