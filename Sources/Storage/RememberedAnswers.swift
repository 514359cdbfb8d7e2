import Foundation
import GRDB
import ProviderKit

/// The answers to calls that their clients may send again, kept in the database that the calls change.
///
/// A key and the effect of its call are in one transaction: after a crash both are there or neither is. Calls that
/// failed are not remembered; sent again, they are tried again. Each new answer takes the place of old ones, so an idle
/// database may hold some that have expired.
package struct RememberedAnswers: Sendable {
    /// A step of the ``Store/Schema`` of a database that remembers answers.
    package static let schema = """
        CREATE TABLE remembered_answer (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            principal TEXT NOT NULL,
            key TEXT NOT NULL,
            method TEXT NOT NULL,
            fingerprint INTEGER NOT NULL,
            answer BLOB NOT NULL,
            expires INTEGER NOT NULL,
            UNIQUE (principal, key)
        );
        """

    /// The number of the oldest answers that are checked for expiry with each new one.
    private static let prunedMax = 16

    private let settings: IdempotencySettings
    /// Seconds since 1970.
    var now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }

    package init(_ settings: IdempotencySettings) { self.settings = settings }

    /// Makes the call's change and remembers its answer; of one that was made already, gives the answer alone. To be
    /// called within a write. Throws 422 when the key was another request's.
    ///
    /// - Parameter request: nil: the change is made, and nothing remembered.
    package func once<Answer: WireValue>(
        _ request: IdempotentRequest?, _ db: Database, _ change: () throws -> Answer
    ) throws -> Answer {
        guard let request else { return try change() }
        if let answer = try answer(to: request, db) { return try Answer(json: answer, at: .root) }
        let answer = try change()
        try remember(answer.json, to: request, db)
        return answer
    }

    private func answer(to request: IdempotentRequest, _ db: Database) throws -> JSON? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT method, fingerprint, answer FROM remembered_answer
                WHERE principal = ? AND key = ? AND expires > ?
                """)
        let row = try Row.fetchOne(statement, arguments: [request.principal, request.key, now()])
        guard let row else { return nil }
        guard row[0] == request.method, row[1] == request.fingerprint else { throw request.mismatch }
        let bytes: Data = row[2]
        return try JSON(parsing: Array(bytes), limits: JSONLimits(bodyBytesMax: .max))
    }

    private func remember(_ answer: JSON, to request: IdempotentRequest, _ db: Database) throws {
        // One with this key can be there only when it has expired.
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO remembered_answer (principal, key, method, fingerprint, answer, expires)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            request.principal, request.key, request.method, request.fingerprint, Data(answer.bytes),
            now() + Int64(settings.hoursKept) * 3600,
        ])
        // Ids only rise, so those from here on are at most `keysMax`.
        let first = db.lastInsertedRowID - Int64(settings.keysMax) + 1
        try db.cachedStatement(
            sql: """
                DELETE FROM remembered_answer WHERE id IN (
                    SELECT id FROM (SELECT id, expires FROM remembered_answer ORDER BY id LIMIT ?)
                    WHERE id < ? OR expires <= ?)
                """
        ).execute(arguments: [Self.prunedMax, first, now()])
    }
}
