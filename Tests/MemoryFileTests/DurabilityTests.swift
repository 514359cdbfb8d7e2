import BankFixtures
import Foundation
import Host
import ProviderKit
import Testing
import Torture

/// What was acknowledged is there, whatever happened since.
@Suite(.timeLimit(.minutes(10)))
struct DurabilityTests {
    @Test("banks, documents, updates and deletions are there after a restart")
    func reopen() async throws {
        try await withFolder { state in
            let first = try await BankServer(state: state)
            try await first.create("bank", [text("1", "one"), text("2", "two"), text("3", "three")])
            try await first.create("dropped", [text("1", "one")])
            try await first.update([text("2", "zwei")], "bank")
            _ = try await first.delete(["3"], "bank")
            _ = try await first.drop("dropped")
            await first.stop()
            let second = try await BankServer(state: state)
            #expect(try await second.list().map(\.uuid) == ["bank"])
            #expect(try await second.get(["1", "2", "3"], "bank").texts == ["one", "zwei"])
            await second.stop()
        }
    }

    @Test("a process killed while it writes has kept all that it acknowledged, and nothing by half")
    func killed() async throws {
        try await withFolder { state in
            var rounds = KillRounds(
                executable: productsFolder + "/llama-stack-torture", state: state, rounds: 5, writers: 8,
                seed: 20_261_123)
            rounds.killMillisecondsMax = 200
            let result = try await rounds.run()
            #expect(result.wrong == [])
            #expect(result.failures == [])
            #expect(result.rounds == 5)
            #expect(result.acknowledged > 0)
        }
    }

    @Test("the oracle sees a lost document, a changed one, and a deleted one that is back")
    func oracleCanFail() async throws {
        try await withServer { server, _ in
            try await server.create(
                WriterPool.bank,
                [Workload.document("changed", version: 1, bytes: 9), Workload.document("back", version: 1)])
            var oracle = Oracle()
            for line in [
                "begin insert lost 1", "done insert lost 1", "done insert changed 1", "begin delete back 1",
                "done delete back 1",
                "begin insert maybe 1",
            ] { oracle.hear(line) }
            #expect(
                try await oracle.check(server) == [
                    "back is version 1, and may be absent", "changed is not what was written",
                    "lost is absent, and may be version 1",
                ])
        }
    }

    @Test("a second host on the same folder is refused and told why")
    func secondHost() async throws {
        try await withServer { _, state in
            do {
                _ = try await BankServer(state: state)
                Issue.record("it must be refused")
            } catch {
                let failure = try #require(error as? StartFailure)
                #expect(failure.exitCode == 75)
                #expect(failure.description.contains("in use"))
            }
        }
    }

    @Test("512 documents from 64 writers at once are all there, and share commits")
    func manyWriters() async throws {
        try await withServer { server, _ in
            try await server.create("bank")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<64 {
                    group.addTask {
                        for number in 0..<8 {
                            try await server.insert([Workload.document("\(writer)-\(number)", version: 1)], "bank")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let ids = (0..<64).flatMap { writer in (0..<8).map { "\(writer)-\($0)" } }
            #expect(try await server.get(ids, "bank") == ids.map { Workload.document($0, version: 1) })
            #expect(try await server.status("bank").documents == 512)
        }
    }

    @Test("of 16 writers of one new document one is answered, and 15 hear 409")
    func race() async throws {
        try await withServer { server, _ in
            try await server.create("bank")
            let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
                for writer in 0..<16 {
                    group.addTask { await refusal { try await server.insert([text("1", "\(writer)")], "bank") }?.code }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1)
            #expect(outcomes.count { $0 == .alreadyExists } == 15)
        }
    }
}
