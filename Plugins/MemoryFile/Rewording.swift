import Foundation
import GRDB
import MemoryBanks
import Storage

/// Chunks that an older version has indexed get the words of this one, a few at a time.
extension FileTransaction {
    /// Chunks that are indexed by other words than today's are due for it again.
    func useWords() throws {
        let version: Int? = try db.one("SELECT version FROM words_state")
        guard version != Words.version else { return }
        try db.run("DELETE FROM words_state")
        try db.run(
            "INSERT INTO words_state SELECT ?, 0, coalesce(max(id), 0) FROM chunk", [Words.version])
    }

    package func rewordSome() throws -> Bool {
        guard let due = try db.rows("SELECT next, last FROM words_state WHERE next < last").first else { return false }
        let (next, last): (Int64, Int64) = (due[0], due[1])
        // Few at a time: callers who write meanwhile wait for them.
        let rows = try db.rows(
            """
            SELECT id, CAST(text AS BLOB), words FROM chunk WHERE id > ? AND id <= ? ORDER BY id LIMIT 64
            """, [next, last])
        for row in rows {
            let words = KeywordQuery.words(of: String(decoding: row[1] as Data, as: UTF8.self))
            guard words != row[2] as String? else { continue }
            try db.run("UPDATE chunk SET words = ? WHERE id = ?", [words, row[0] as Int64])
        }
        try db.run("UPDATE words_state SET next = ?", [rows.last?[0] as Int64? ?? last])
        return true
    }
}
