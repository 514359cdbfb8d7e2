import Foundation
import ProviderKit

/// One connection and what it takes to keep it: made again when it is lost, transactions run again when they may be.
/// One thread alone may use it.
final class ConnectionWorker {
    typealias Instant = ContinuousClock.Instant
    private static let attemptsMax = 5

    private let settings: ConnectionSettings
    private let backoff: Backoff
    private let log: Log
    private var session: Session?

    init(_ settings: ConnectionSettings, _ backoff: Backoff, _ log: Log) {
        (self.settings, self.backoff, self.log) = (settings, backoff, log)
    }

    /// A call whose connection was lost may try again for some time from when it last asked.
    private func deadline(after asked: Instant) -> Instant { asked + .seconds(settings.patienceSeconds) }

    /// Runs the body in a transaction that sees one moment and changes nothing. It may run more than once.
    func read<Result>(until deadline: Instant, _ body: (Session) throws -> Result) throws -> Result {
        try attempt(until: deadline) { session in
            try session.beginRead()
            let result = try body(session)
            try session.commit()
            return result
        }
    }

    /// Runs the body in a transaction, and returns when that is committed. It may run more than once.
    func write<Result>(until deadline: Instant, _ body: (Session) throws -> Result) throws -> Result {
        var commit: (mark: CommitCount.Mark?, result: Result)?
        return try attempt(until: deadline) { session in
            if let (mark, result) = commit {
                // The connection was lost in COMMIT: this is the next one.
                switch try outcome(of: mark, session) {
                case .committed:
                    log.info("the connection was lost in a commit, which came through")
                    return result
                case .undone: commit = nil
                case .unknown:
                    throw PostgresError(.unknownOutcome, "its connection's row in connection_commits is gone or locked")
                }
            }
            let mark = try session.beginWrite()
            let result = try body(session)
            commit = (mark, result)
            do { try session.commit() } catch let error as PostgresError where !error.endsConnection {
                // Refused, so undone.
                commit = nil
                throw error
            }
            return result
        } isUnknown: {
            commit != nil
        }
    }

    /// Before there is a table to look in, transactions only bring the schema to today's version, and may do so again.
    private func outcome(of mark: CommitCount.Mark?, _ session: Session) throws -> CommitCount.Outcome {
        guard let mark else { return .undone }
        do {
            return try CommitCount.outcome(of: mark, session, until: deadline(after: session.askedAt))
        } catch let error as PostgresError where !error.endsConnection {
            throw PostgresError(.unknownOutcome, "\(error)")
        }
    }

    private func attempt<Result>(
        until deadline: Instant, _ body: (Session) throws -> Result, isUnknown: () -> Bool = { false }
    ) throws -> Result {
        var deadline = deadline
        var number = 0
        while true {
            number += 1
            let session: Session
            do {
                session = try connected(until: deadline)
            } catch  where isUnknown() {
                throw PostgresError(.unknownOutcome, "\(error)")
            }
            do {
                return try body(session)
            } catch let error as PostgresError where error.endsConnection {
                self.session = nil
                if error.kind == .unknownOutcome { throw error }
                deadline = max(deadline, self.deadline(after: session.askedAt))
                log.debug("the connection to the database was lost", ["error": "\(error)"])
                guard number < Self.attemptsMax else {
                    throw isUnknown() ? PostgresError(.unknownOutcome, "\(error)") : error
                }
            } catch {
                undo(session)
                guard let collision = error as? PostgresError, collision.isCollision, number < Self.attemptsMax else {
                    throw error
                }
                usleep(UInt32.random(in: 1000...10_000) * UInt32(number))
            }
        }
    }

    private func undo(_ session: Session) {
        do { try session.rollback() } catch { self.session = nil }
    }

    private func connected(until deadline: Instant) throws -> Session {
        if let session { return session }
        while true {
            try backoff.wait(until: deadline)
            do {
                // A start has more time than a call, and may find a server that is busy with others.
                let seconds = max(settings.connectSecondsMax, (deadline - .now) / .seconds(3))
                let limit = min(deadline, .now + .seconds(seconds))
                let session = try Session(settings, until: limit)
                backoff.succeeded()
                self.session = session
                return session
            } catch let error as PostgresError {
                backoff.failed(error)
                if error.isLasting { throw error }
            }
        }
    }

    func close() { session = nil }
}
