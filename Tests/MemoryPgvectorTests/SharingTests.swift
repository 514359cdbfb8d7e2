import BankFixtures
import JudgedDocuments
import MemoryBanks
import ProviderKit
import Synchronization
import Testing

@testable import MemoryPgvector

/// Several hosts on one database.
@Suite(.timeLimit(.minutes(10)))
struct SharingTests {
    let judged: JudgedSet
    let embedder: JudgedEmbedder

    init() throws {
        judged = try JudgedSet()
        embedder = try JudgedEmbedder(judged)
    }

    @Test("what one host writes the other reads and finds")
    func twoHosts() async throws {
        try await withBanks("two_hosts", embedder) { one in
            try await withBanks("two_hosts", embedder) { other in
                try await one.create("bank", judged.rows())
                _ = try await other.settled()
                let found = try await other.find("scalded my hand with boiling soup", nil)
                #expect(found.mode == .hybrid)
                #expect(found.chunks.first?.documentUUID == "aid-1")
                try await other.update(MemoryBankQuery(bankUUID: "bank"), [text("aid-1", "about something")], Call())
                let read = try await one.getDocuments(MemoryBankQuery(bankUUID: "bank"), ["aid-1"], Call())
                #expect(read.texts == ["about something"])
            }
        }
    }

    @Test("eight hosts that start at once on a new schema make it once")
    func startTogether() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await withBanks("together", nil) { _ = try await $0.list(Call()) } } }
            try await group.waitForAll()
        }
        try await withBanks("together", nil) { banks in
            let steps = try await banks.count("SELECT count(*) FROM schema_version")
            #expect(steps == 6)
        }
    }

    @Test("two hosts share the work of embedding: no chunk is embedded twice")
    func sharedWork() async throws {
        struct Counting: Embedder {
            let model = "counting"
            let judged: JudgedEmbedder
            let counts: Counts
            func embed(_ texts: [String]) async throws -> [[Float]] {
                counts.add(texts)
                return try await judged.embed(texts)
            }
        }
        final class Counts: Sendable {
            private let counts = Mutex<[String: Int]>([:])
            func add(_ texts: [String]) {
                counts.withLock { counts in for text in texts { counts[text, default: 0] += 1 } }
            }
            var all: [String: Int] { counts.withLock { $0 } }
        }
        let counts = Counts()
        let counting = Counting(judged: embedder, counts: counts)
        try await withBanks("shared_work", counting) { one in
            try await withBanks("shared_work", counting) { other in
                try await one.create("bank", Array(judged.rows().prefix(110)))
                try await other.insert(MemoryBankQuery(bankUUID: "bank"), Array(judged.rows().dropFirst(110)), Call())
                _ = try await one.settled()
            }
        }
        #expect(counts.all.count == 220)
        #expect(counts.all.values.allSatisfy { $0 == 1 })
    }

    @Test("a host that takes documents to embed and dies leaves them to the others when its lease runs out")
    func deadHost() async throws {
        try await withBanks("dead_host", nil) { banks in
            try await banks.create("bank", Array(judged.rows().prefix(10)))
            _ = try await banks.settled(vectors: false)
            let model = embedder.model
            try await banks.store.pool.write { session in
                try session.openEmbeddingModel(model)
                try session.run("UPDATE embedding_due SET leased_until = now() + interval '600 seconds'")
            }
        }
        try await withBanks("dead_host", embedder) { banks in
            #expect(try await banks.settled(vectors: false).embeddingPending == 10)
            try await banks.store.pool.write { _ = try $0.run("UPDATE embedding_due SET leased_until = now()") }
            #expect(try await banks.settled().embeddingPending == 0)
        }
    }

    @Test("the schema of a newer version is refused, and left as it is")
    func newer() async throws {
        try await withBanks("newer", nil) { banks in
            try await banks.store.pool.write {
                _ = try $0.run("INSERT INTO schema_version (version, name) VALUES (99, 'to come')")
            }
        }
        let error = await #expect(throws: ProviderError.self) { try await withBanks("newer", nil) { _ in } }
        #expect(error?.code == .invalidConfig)
        #expect(error?.message.contains("newer llama-stack") == true)
    }
}
