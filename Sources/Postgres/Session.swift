import Foundation

/// A connection as statements see it: inside a transaction, on the thread that runs it. Good within the body it was
/// given to alone.
package final class Session {
    private let connection: Connection
    private let settings: ConnectionSettings
    private var prepared: [String: String] = [:]
    /// Which history of the cluster this is: a standby that took over starts another, and numbers of transactions mean
    /// something else there.
    let timeline: String

    init(_ settings: ConnectionSettings, until deadline: ContinuousClock.Instant) throws {
        self.settings = settings
        connection = try Connection(settings, until: deadline)
        for (sql, values) in settings.prologue {
            _ = try connection.run(sql, BoundValues(values), until: deadline)
        }
        timeline =
            try connection.run(
                "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END",
                BoundValues([]), until: deadline
            ).first?.text(0) ?? ""
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

    /// The transaction's number, by which its outcome can be asked for later.
    func beginWrite() throws -> String {
        let sql = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_current_xact_id()::text"
        return try connection.run(sql, until: deadline).first?.text(0) ?? ""
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

    enum Outcome {
        case committed, undone, unknown
    }

    /// The outcome of another connection's transaction. Waits while it is still in progress.
    func outcome(of transaction: String, until deadline: ContinuousClock.Instant) throws -> Outcome {
        while true {
            let state = try run("SELECT pg_xact_status($1::text::xid8)", .text(transaction)).first?.text(0)
            switch state {
            case "committed": return .committed
            case "aborted": return .undone
            case "in progress" where .now < deadline: usleep(20_000)
            default: return .unknown
            }
        }
    }

    /// The server's own limit comes first.
    private var deadline: ContinuousClock.Instant { .now + .seconds(settings.statementSecondsMax + 2) }
}
