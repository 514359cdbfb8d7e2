import BankFixtures
import Foundation
import GRDB
import ProviderKit
import Synchronization
import Testing
import Torture

@testable import Storage

/// Answers that are remembered in SQLite.
@Suite(.timeLimit(.minutes(10)))
struct RememberedAnswerTests {
    @Test("processes killed while they write have acted once on each call that is made again")
    func killed() async throws {
        try await withFolder { state in
            var rounds = KillRounds(
                executable: productsFolder + "/llama-stack-torture", state: state, rounds: 5, writers: 16,
                seed: 20_261_127)
            rounds.killMillisecondsMax = 100
            let result = try await rounds.run()
            #expect(result.wrong == [])
            #expect(result.retried > 0)
        }
    }

    // MARK: How long

    /// A count in a database that remembers answers.
    private final class Counting: Sendable {
        private let store: Store
        private let answers: RememberedAnswers
        private let time: Clock

        final class Clock: Sendable { let seconds = Mutex<Int64>(1_000_000) }

        init(_ folder: String, hours: Int = 24, countMax: Int = 100) async throws {
            let schema = Store.Schema(
                name: "test.sqlite", applicationID: "LSts",
                steps: [
                    ("1", RememberedAnswers.schema),
                    ("2", "CREATE TABLE counter (value INTEGER); INSERT INTO counter VALUES (0)"),
                ])
            let log = ProviderContext(providerID: "test").log
            store = try await Store.open(schema, in: folder, log: log)
            let time = Clock()
            var answers = RememberedAnswers(IdempotencySettings(hoursKept: hours, keysMax: countMax))
            answers.now = { time.seconds.withLock { $0 } }
            (self.answers, self.time) = (answers, time)
        }

        func pass(hours: Double) { time.seconds.withLock { $0 += Int64(hours * 3600) } }

        /// The count after this call.
        func count(_ key: String, of principal: String = "") async throws -> Int {
            let request = IdempotentRequest(key: key, principal: principal, method: "count", fingerprint: 1)
            return try await store.write { [answers] db in
                try answers.once(request, db) {
                    try db.execute(sql: "UPDATE counter SET value = value + 1")
                    return try Int.fetchOne(db, sql: "SELECT value FROM counter") ?? -1
                }
            }
        }

        func remembered() async throws -> Int {
            try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM remembered_answer") ?? -1 }
        }

        func close() async { await store.close() }
    }

    private func withCount(
        hours: Int = 24, countMax: Int = 100, _ body: (Counting) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let counting = try await Counting(folder, hours: hours, countMax: countMax)
            try await body(counting)
            await counting.close()
        }
    }

    @Test("an answer is given again within its hours, and the call acts again after them")
    func expiry() async throws {
        try await withCount(hours: 2) { counting async throws -> Void in
            #expect(try await counting.count("k") == 1)
            counting.pass(hours: 1.9)
            #expect(try await counting.count("k") == 1)
            counting.pass(hours: 0.2)
            #expect(try await counting.count("k") == 2)
            #expect(try await counting.count("k") == 2)
        }
    }

    @Test("two principals may use the same key")
    func principals() async throws {
        try await withCount { counting async throws -> Void in
            #expect(try await counting.count("k", of: "ann") == 1)
            #expect(try await counting.count("k", of: "bob") == 2)
            #expect(try await counting.count("k", of: "ann") == 1)
        }
    }

    @Test("expired answers go as new ones come")
    func pruned() async throws {
        try await withCount(hours: 1) { counting async throws -> Void in
            for key in 0..<20 { _ = try await counting.count("old-\(key)") }
            counting.pass(hours: 2)
            for key in 0..<3 { _ = try await counting.count("new-\(key)") }
            #expect(try await counting.remembered() == 3)
        }
    }

    @Test("there are never more answers than the limit, and the newest stay")
    func bounded() async throws {
        try await withCount(countMax: 10) { counting async throws -> Void in
            for key in 0..<50 {
                _ = try await counting.count("\(key)")
                #expect(try await counting.remembered() <= 10)
            }
            #expect(try await counting.count("40") == 41)
            #expect(try await counting.count("39") == 51)
        }
    }
}
