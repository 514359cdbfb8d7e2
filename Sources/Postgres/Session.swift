import Foundation

/// A connection as statements see it: inside a transaction, on the thread that runs it. Good within the body it was
/// given to alone.
package final class Session {
    private let connection: Connection
    private let settings: ConnectionSettings
    private var prepared: [String: String] = [:]
    private let commits = CommitCount()

    init(_ settings: ConnectionSettings, until deadline: ContinuousClock.Instant) throws {
        self.settings = settings
        connection = try Connection(settings, until: deadline)
        for (sql, values) in settings.prologue {
            _ = try connection.run(sql, BoundValues(values), until: deadline)
        }
    }

    /// When the server was last asked for something.
    var askedAt: ContinuousClock.Instant { connection.askedAt }

    /// A statement that is always the same text: prepared at its first use.
    @discardableResult
    package func run(_ sql: StaticString, _ values: Value...) throws -> Rows {
        let sql = "\(sql)"
        let bound = BoundValues(values)
        let name: String
        if let known = prepared[sql] {
            name = known
        } else {
            name = "s\(prepared.count)"
            try connection.prepare(name, sql, types: bound.types, until: deadline)
            prepared[sql] = name
        }
        return try connection.run(prepared: name, bound, until: deadline)
    }

    /// A statement whose text is put together, of our own words and numbers alone.
    @discardableResult
    package func run(composed sql: String, _ values: [Value] = []) throws -> Rows {
        try connection.run(sql, BoundValues(values), until: deadline)
    }

    /// Statements without values, and without an answer.
    package func run(script: String) throws { _ = try connection.run(script, until: deadline) }

    // MARK: Transactions

    /// - Returns: by what the outcome can be looked up later; nil while the schema has no table for it.
    func beginWrite() throws -> CommitCount.Mark? {
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        guard try commits.prepare(self) else {
            try run(script: begin)
            return nil
        }
        let raised = try connection.run("\(begin); \(commits.raise)", until: deadline).first?.text(0)
        guard let count = raised.flatMap({ Int64($0) }) else {
            throw PostgresError(.connection, "the row that counts this connection's commits was deleted")
        }
        return commits.mark(count)
    }

    /// Everything that the transaction reads is of one moment.
    func beginRead() throws {
        _ = try connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", until: deadline)
    }

    func commit() throws {
        let command = try connection.run("COMMIT", until: deadline).command
        // A transaction that has failed is rolled back by COMMIT without an error.
        guard command == "COMMIT" else { throw PostgresError(.statement, "the transaction had failed before COMMIT") }
    }

    func rollback() throws { _ = try connection.run("ROLLBACK", until: deadline) }

    /// The server's own limit comes first.
    private var deadline: ContinuousClock.Instant { .now + .seconds(settings.statementSecondsMax + 2) }
}
