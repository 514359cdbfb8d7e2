import Foundation
import GRDB
import GRDBSQLite
import MemoryBanks
import ProviderKit

extension FileTransaction {
    /// Steps SQLite's statement itself: what GRDB makes of each id and row (arguments, a cursor, a copy of every
    /// column) took longer than reading them.
    package func read(_ ids: [String], of bank: Int64, into answer: inout DocumentAnswer) throws {
        let statement = try db.cachedStatement(
            sql: "SELECT content, metadata, mime_type, checksum FROM document WHERE bank = ? AND uuid = ?"
        ).sqliteStatement
        defer { sqlite3_clear_bindings(statement) }
        sqlite3_bind_int64(statement, 1, bank)
        for id in ids {
            guard let columns = try columns(of: id, statement) else { continue }
            try answer.add(id, columns.content, columns.metadata, columns.mimeType, isWhole: columns.isWhole)
        }
    }

    /// nil when there is none.
    private func columns(of id: String, _ statement: SQLiteStatement) throws -> Columns? {
        var id = id
        // The statement has released both the id and its columns before the text's bytes are freed.
        return try id.withUTF8 { text in
            defer { sqlite3_reset(statement) }
            sqlite3_bind_text(
                statement, 2, UnsafeRawPointer(text.baseAddress)?.assumingMemoryBound(to: CChar.self),
                Int32(text.count), nil)
            switch sqlite3_step(statement) {
            case SQLITE_ROW: return Columns(statement)
            case SQLITE_DONE: return nil
            case let code: throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
            }
        }
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
