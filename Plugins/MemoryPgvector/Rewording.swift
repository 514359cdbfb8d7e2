import MemoryBanks
import Postgres

extension Session {
    /// Chunks that are indexed by older words than today's are due for it again.
    func useWords() throws {
        try run(
            """
            UPDATE words_state SET version = $1, next = 0, last = (SELECT coalesce(max(id), 0) FROM chunk)
            WHERE version < $1
            """, .int(Int64(Words.version)))
    }
}

extension PostgresTransaction {
    package func rewordSome() throws -> Bool {
        let due = try session.run("SELECT next, last FROM words_state WHERE next < last FOR UPDATE").first
        guard let due else { return false }
        let rows = try session.run(
            """
            SELECT id, bank, text FROM chunk WHERE id > $1 AND id <= $2
            ORDER BY id LIMIT 64
            """, .int(due.int(0)), .int(due.int(1))
        ).map { ($0.int(0), $0.int(1), String(decoding: $0.bytes(2), as: UTF8.self)) }
        try session.run(
            composed: """
                UPDATE chunk SET words = new.words FROM (
                    SELECT id, \(KeywordSearch.vector("given.words", "given.scope")) AS words
                    FROM unnest($1::bigint[], $2::text[], $3::text[]) AS given (id, words, scope)
                ) AS new WHERE chunk.id = new.id AND chunk.words <> new.words
                """,
            [
                .ints(rows.map(\.0)), .texts(rows.map { KeywordSearch.words(of: $0.2) }),
                .texts(rows.map { KeywordSearch.scope($0.1) }),
            ])
        try session.run("UPDATE words_state SET next = $1", .int(rows.last?.0 ?? due.int(1)))
        return true
    }
}
