import Foundation
import GRDB
import ProviderKit

/// Puts what several writers want at the same time into one transaction, so that they share one fsync.
///
/// One thread writes. While it waits for the disk, jobs gather; the next transaction takes all of them. One that fails
/// is undone alone: when it has changed something, the others are run again beside it.
final class GroupCommit: @unchecked Sendable {
    // Unchecked: everything that changes is under the condition's lock, or the writing thread's alone.
    struct Job {
        var purpose: Store.Purpose
        var run: (Database) throws -> Void
        /// Called once, when the job is on disk (nil) or will never be.
        var finish: ((any Error)?) -> Void
    }

    /// The maximum number of jobs in one transaction: the last of them waits for all.
    private static let jobsMax = 512
    /// The longest that a transaction waits for writers who are likely to come.
    private static let gatherSecondsMax = 0.001

    private let pool: DatabasePool
    private let reserve: Reserve
    private let log: Log

    private let condition = NSCondition()
    private var waiting: [Job] = []
    private var onClosed: (() -> Void)?
    private var isClosing = false
    private var writes = 0
    private var transactions = 0

    // The writing thread's own.
    private var failure: (any Error)?
    private var likelyJobs = 1
    private var lastSeconds = 0.0

    init(_ pool: DatabasePool, _ reserve: Reserve, _ log: Log) {
        (self.pool, self.reserve, self.log) = (pool, reserve, log)
        let thread = Thread { [self] in work() }
        thread.name = "storage-writer"
        thread.start()
    }

    var counts: (writes: Int, transactions: Int) {
        condition.withLock { (writes, transactions) }
    }

    /// Any thread; does not block.
    func submit(_ job: Job) {
        let isTaken = condition.withLock {
            guard !isClosing else { return false }
            waiting.append(job)
            condition.signal()
            return true
        }
        if !isTaken { job.finish(StorageFault.closed) }
    }

    func close(_ done: @escaping () -> Void) {
        let isFirst = condition.withLock {
            guard !isClosing else { return false }
            (isClosing, onClosed) = (true, done)
            condition.signal()
            return true
        }
        if !isFirst { done() }
    }

    // MARK: The writing thread

    private func work() {
        while let batch = next() {
            let start = ContinuousClock.now
            commit(batch)
            lastSeconds = (ContinuousClock.now - start) / .seconds(1)
        }
        // The last connection to be closed will be a reader's, which can't do this: the next start would have to.
        if failure == nil { try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) } }
        try? pool.close()
        onClosed?()
    }

    /// The jobs of the next transaction; nil at the end.
    ///
    /// Callers that were just answered are likely to write again. Waiting a moment for them makes one full transaction
    /// of what would be two, each with an fsync that takes far longer than the moment.
    private func next() -> [Job]? {
        condition.withLock {
            likelyJobs += waiting.count
            while waiting.isEmpty {
                if isClosing { return nil }
                condition.wait()
            }
            let end = Date(timeIntervalSinceNow: min(Self.gatherSecondsMax, lastSeconds / 4))
            while waiting.count < likelyJobs, !isClosing, condition.wait(until: end) {}
            let batch = Array(waiting.prefix(Self.jobsMax))
            waiting.removeFirst(batch.count)
            likelyJobs = batch.count
            return batch
        }
    }

    /// Either all of a batch are in one transaction, or each gets its own, with what can be done for it.
    private func commit(_ batch: [Job]) {
        if let failure { return finish(batch, failure) }
        do {
            try attempt(batch)
        } catch {
            if batch.count > 1, !StorageFault.isFinal(error) {
                for job in batch { commit([job]) }
            } else if let job = batch.first, batch.count == 1 {
                rescue(job, error)
            } else {
                fail(batch, error)
            }
        }
    }

    /// Throws when nothing of the batch is on disk, and no caller has been answered.
    private func attempt(_ batch: [Job]) throws {
        if reserve.isDue {
            reclaim()
            reserve.restore()
        }
        if !reserve.isThere, batch.contains(where: { $0.purpose == .adding }) { throw StorageFault.full }
        let outcomes = try transaction(batch)
        condition.withLock {
            writes += batch.count
            transactions += 1
        }
        for (job, outcome) in zip(batch, outcomes) { job.finish(outcome.map { StorageFault.translated($0, log) }) }
    }

    /// On a full disk: first what the log holds twice is given back, then, for what frees space, the reserve.
    private func rescue(_ job: Job, _ first: any Error) {
        var error = first
        for usesReserve in [false, true] where StorageFault.isFull(error) {
            if usesReserve {
                guard job.purpose == .freeing, reserve.isThere else { break }
                reserve.release()
            }
            reclaim()
            do { return try attempt([job]) } catch let next { error = next }
        }
        fail([job], error)
    }

    /// Gives pages that are free in the database, and what was copied out of the log, back to the disk.
    private func reclaim() {
        pool.writeWithoutTransaction { db in
            _ = try? db.checkpoint(.truncate)
            try? db.execute(sql: "PRAGMA incremental_vacuum(4096)")
            _ = try? db.checkpoint(.truncate)
        }
    }

    private func fail(_ batch: [Job], _ error: any Error) {
        let answer = StorageFault.translated(error, log)
        if StorageFault.isFinal(error) {
            // After a failed fsync the kernel may hold pages for written that are not: only a new start can tell.
            failure = answer
            log.error("the disk failed to keep a write; everything is refused until a restart", ["error": "\(error)"])
        }
        finish(batch, answer)
    }

    /// Jobs hardly ever fail after they have changed something, so savepoints are taken in a second try alone: below
    /// one, SQLite keeps the former page of everything that a job changes, beyond 64 KiB in a temporary file.
    private func transaction(_ batch: [Job]) throws -> [(any Error)?] {
        try pool.writeWithoutTransaction { db in
            do { return try transaction(batch, db, undoing: false) } catch is NeedsSavepoints {
                return try transaction(batch, db, undoing: true)
            }
        }
    }

    /// - Parameter undoing: whether a job that fails is undone; otherwise one that has changed something ends the
    ///   transaction with ``NeedsSavepoints``.
    private func transaction(_ batch: [Job], _ db: Database, undoing: Bool) throws -> [(any Error)?] {
        var outcomes: [(any Error)?] = []
        try db.inTransaction(.immediate) {
            for job in batch {
                let changes = db.totalChangesCount
                do {
                    if undoing {
                        try db.inSavepoint {
                            try job.run(db)
                            return .commit
                        }
                    } else {
                        try job.run(db)
                    }
                    outcomes.append(nil)
                } catch {
                    // SQLite gives up the whole transaction on a full disk and the like.
                    guard db.isInsideTransaction, !StorageFault.endsTransaction(error) else { throw error }
                    guard undoing || db.totalChangesCount == changes else { throw NeedsSavepoints() }
                    outcomes.append(error)
                }
            }
            return .commit
        }
        return outcomes
    }

    private struct NeedsSavepoints: Error {}

    private func finish(_ batch: [Job], _ error: any Error) {
        for job in batch { job.finish(error) }
    }
}
