import Foundation

/// Counts what a connection has committed, in a row of its own that each transaction raises: a commit whose answer was
/// lost is looked up there. The transaction's number would not do, since a server that crashes gives a number that has
/// not reached its log to another transaction.
///
/// The provider's schema has the table `connection_commits`.
final class CommitCount {
    /// The row, and the count that is in it once the transaction has committed.
    struct Mark {
        let connection: String
        let count: Int64
    }

    enum Outcome {
        case committed, undone, unknown
    }

    /// A row is used this long at most without a look whether it is there, and deleted after ``keptHours``.
    private static let trustedFor = Duration.seconds(3600)
    private static let keptHours = 24

    private let connection = UUID().uuidString.lowercased()
    private var lookedAt: ContinuousClock.Instant?

    /// The statement that raises the count, and answers it. Runs in the transaction.
    var raise: String {
        """
        UPDATE connection_commits SET count = count + 1, used_at = now() WHERE connection = '\(connection)' \
        RETURNING count
        """
    }

    func mark(_ count: Int64) -> Mark { Mark(connection: connection, count: count) }

    /// Sees to it that there is a row to raise. Runs before the transaction: a row that the transaction itself made
    /// could not be told from one that it has yet to make.
    ///
    /// - Returns: false while the table is not there, so before the schema was brought to today's version.
    func prepare(_ session: Session) throws -> Bool {
        if let lookedAt, .now - lookedAt < Self.trustedFor { return true }
        let hasTable = try session.run("SELECT to_regclass('connection_commits') IS NOT NULL").first?.bool(0)
        guard hasTable == true else { return false }
        try session.run(
            "DELETE FROM connection_commits WHERE used_at < now() - make_interval(hours => $1::int)",
            .int(Int64(Self.keptHours)))
        try session.run(
            """
            INSERT INTO connection_commits (connection) VALUES ($1::text)
            ON CONFLICT (connection) DO UPDATE SET used_at = now()
            """, .text(connection))
        lookedAt = .now
        return true
    }

    /// The outcome of another connection's transaction. Waits while it is still in progress: it has locked its row.
    static func outcome(of mark: Mark, _ session: Session, until deadline: ContinuousClock.Instant) throws -> Outcome {
        while true {
            let row = try session.run(
                "SELECT count FROM connection_commits WHERE connection = $1::text FOR UPDATE SKIP LOCKED",
                .text(mark.connection)
            ).first
            if let row { return row.int(0) >= mark.count ? .committed : .undone }
            guard .now < deadline else { return .unknown }
            usleep(20_000)
        }
    }
}
