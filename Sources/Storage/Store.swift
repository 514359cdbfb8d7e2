import Foundation
import GRDB
import ProviderKit

/// One SQLite database in an instance's state folder: read by several at once, written in groups.
///
/// When ``write(_:_:)`` returns, its changes are on disk: WAL with `synchronous=FULL`, and one fsync for all writers at
/// the same time. No method blocks Swift's shared threads. The folder must be this process's alone; the host holds its
/// lock.
package final class Store: Sendable {
    /// The definition of a database: its file, its identity and its schema.
    package struct Schema: Sendable {
        /// The file's name in the folder.
        var name: String
        /// Says in the file's header what it is (`PRAGMA application_id`): four letters of ASCII.
        var applicationID: Int32
        /// Every step from an empty file to today's schema, in order. A released step never changes.
        var steps: [(name: String, sql: String)]
        /// Adds functions to each connection.
        var prepare: @Sendable (Database) throws -> Void

        package init(
            name: String, applicationID: String, steps: [(name: String, sql: String)],
            prepare: @escaping @Sendable (Database) throws -> Void = { _ in }
        ) {
            self.name = name
            self.prepare = prepare
            self.applicationID = applicationID.utf8.prefix(4).reduce(0) { $0 << 8 | Int32($1) }
            self.steps = steps
        }
    }

    package struct Limits: Sendable {
        /// The database may not grow beyond this; 0: as far as the disk goes.
        package var bytesMax = 0
        /// Kept free beside the database, so that deleting works on a full disk.
        package var reserveBytes = 8 << 20
        /// A file up to this size is checked page by page when it is opened.
        package var checkedBytesMax = 32 << 20
        package var readersMax = 4

        package init() {}
    }

    /// Who writes: what frees space may use the reserve when the disk is full.
    package enum Purpose: Sendable {
        case adding, freeing
    }

    private let pool: DatabasePool
    private let commits: GroupCommit
    private let log: Log

    /// Opens the database, or makes it. Blocks on the disk; see ``open(_:in:limits:log:)``.
    init(_ schema: Schema, in folder: String, limits: Limits, log: Log) throws {
        pool = try DatabaseFile(schema, folder, limits).open()
        commits = GroupCommit(pool, Reserve(path: folder + "/reserve", bytes: limits.reserveBytes, log: log), log)
        self.log = log
    }

    /// Throws a `ProviderError` that says what is wrong with the file and what can be done about it.
    package static func open(
        _ schema: Schema, in folder: String, limits: Limits = Limits(), log: Log
    ) async throws -> Store {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try Store(schema, in: folder, limits: limits, log: log) })
            }
        }
    }

    /// Sees everything that was written before it began, and nothing that is written while it runs.
    package func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await pool.read(body) } catch { throw StorageFault.translated(error, log) }
    }

    /// Returns when `body`'s changes are on disk. When it throws none of them are, also if `body` had made some.
    ///
    /// `body` must be fit to run again from the start, and must not begin or end transactions.
    package func write<Value: Sendable>(
        _ purpose: Purpose = .adding, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        let slot = Slot<Value>()
        return try await withCheckedThrowingContinuation { continuation in
            commits.submit(
                GroupCommit.Job(purpose: purpose, run: { slot.value = try body($0) }) { error in
                    guard let value = slot.value, error == nil else {
                        return continuation.resume(throwing: error ?? StorageFault.closed)
                    }
                    continuation.resume(returning: value)
                })
        }
    }

    /// Writes that were made and the transactions that they took.
    package var counts: (writes: Int, transactions: Int) { commits.counts }

    /// Writes that wait are carried out; later ones are refused. Returns when the files are closed.
    package func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            commits.close { continuation.resume() }
        }
    }
}

/// A value on its way from the writing thread to the caller that waits for the commit.
private final class Slot<Value: Sendable>: @unchecked Sendable {
    // Unchecked: the writing thread alone touches it, until it resumes the one who waits.
    var value: Value?
}
