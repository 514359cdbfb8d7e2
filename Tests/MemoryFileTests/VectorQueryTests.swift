import Foundation
import GRDB
import JudgedDocuments
import MemoryBanks
import ProviderKit
import Testing

@testable import MemoryFile

/// Search by meaning, on real embeddings of the judged set.
@Suite(.timeLimit(.minutes(10)))
struct VectorQueryTests {
    let judged: JudgedSet
    let embedder: JudgedEmbedder

    init() throws {
        judged = try JudgedSet()
        embedder = try JudgedEmbedder(judged)
    }

    @Test("over the judged set nDCG@10 is 0.42 by words, 0.85 by meaning, and best by both")
    func quality() async throws {
        try await withFolder { state in
            try await withBanks(state, embedder) { banks in
                try await banks.create("bank", judged.rows())
                _ = try await banks.settled()
                var means: [MemoryBankQueryMode: Double] = [:]
                for mode in [MemoryBankQueryMode.keyword, .vector, .hybrid] {
                    var sum = 0.0
                    for query in judged.queries {
                        let found = try await banks.find(query.text, mode).chunks.map(\.documentUUID)
                        sum += judged.gain(query, found)
                    }
                    means[mode] = sum / Double(judged.queries.count)
                }
                print("nDCG@10:", means.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", "))
                let (keyword, vector, hybrid) = (means[.keyword] ?? 0, means[.vector] ?? 0, means[.hybrid] ?? 0)
                #expect(abs(keyword - 0.42) < 0.01)
                #expect(abs(vector - 0.855) < 0.01)
                #expect(hybrid > vector + 0.005)
            }
        }
    }

    @Test("a query that shares no word with its answer finds it, and says how and how near")
    func meaning() async throws {
        try await withFolder { state in
            try await withBanks(state, embedder) { banks in
                try await banks.create("bank", judged.rows())
                let status = try await banks.settled()
                #expect(status.embeddingPending == 0)
                let query = "scalded my hand with boiling soup"
                let byVector = try await banks.find(query)
                #expect(byVector.mode == .vector)
                #expect(byVector.chunks.first?.documentUUID == "aid-1")
                #expect((0.2...1).contains(byVector.chunks.first?.score ?? 0))
                let best = try await banks.find(query, nil)
                #expect(best.mode == .hybrid)
                #expect(best.chunks.first?.documentUUID == "aid-1")
                let byWords = try await banks.find(query, .keyword).chunks.map(\.documentUUID)
                #expect(!byWords.contains("aid-1"))
            }
        }
    }

    @Test("vectors are there after a restart, without asking the model for them again")
    func restart() async throws {
        try await withFolder { state in
            try await withBanks(state, embedder) { banks in
                try await banks.create("bank", judged.rows())
                _ = try await banks.settled()
            }
            try await withBanks(state, embedder) { banks in
                let (pending, found) = try await (banks.settled().embeddingPending, banks.find("HG 48213", topK: 220))
                #expect(pending == 0)
                #expect(found.chunks.count == 220)
            }
        }
    }

    @Test("while the model is down documents are found by words; what waited gets its vectors when it is back")
    func down() async throws {
        try await withFolder { state in
            var broken = embedder
            broken.isDown = true
            try await withBanks(state, broken) { banks in
                try await banks.create("bank", judged.rows())
                #expect(try await banks.settled(vectors: false).embeddingPending == 220)
                let found = try await banks.find("HG 48213", nil)
                #expect(found.mode == .keyword)
                #expect(found.chunks.first?.documentUUID == "bird-10")
                let error = await #expect(throws: ProviderError.self) { _ = try await banks.find("HG 48213", .hybrid) }
                #expect(error?.code == .providerUnavailable)
            }
            try await withBanks(state, embedder) { banks in
                let status = try await banks.settled()
                #expect(status.embeddingPending == 0)
                let found = try await banks.find("scalded my hand with boiling soup")
                #expect(found.chunks.first?.documentUUID == "aid-1")
            }
        }
    }

    @Test("documents that were kept without a model get vectors when one is configured, and new ones with another")
    func modelChanges() async throws {
        try await withFolder { state in
            try await withBanks(state, nil) { banks in
                try await banks.create("bank", Array(judged.rows().prefix(50)))
                let status = try await banks.settled(vectors: false)
                #expect(status.embeddingPending == nil)
            }
            var other = embedder
            other.model = "another"
            for embedder in [embedder, other] {
                try await withBanks(state, embedder) { banks in
                    _ = try await banks.settled()
                    let model = try await banks.store.store.read {
                        try String.fetchAll($0, sql: "SELECT model FROM embedding_model")
                    }
                    #expect(model == [embedder.model])
                    let count = try await banks.store.store.read {
                        try Int.fetchOne($0, sql: "SELECT count(*) FROM code")
                    }
                    #expect(count == 50)
                    #expect(try await banks.find("locate a puncture", topK: 50).chunks.count == 50)
                }
            }
        }
    }

    @Test("updated, deleted and dropped documents leave the search by meaning, and their vectors the database")
    func changes() async throws {
        try await withFolder { state in
            try await withBanks(state, embedder) { banks in
                try await banks.create("bank", judged.rows())
                try await banks.create("other", judged.rows())
                _ = try await (banks.settled(), banks.settled("other"))
                let query = "scalded my hand with boiling soup"
                let moon = try #require(judged.documents.first { $0.id == "astro-2" }).text
                try await banks.update(MemoryBankQuery(bankUUID: "bank"), [text("aid-1", moon)], Call())
                _ = try await banks.deleteDocuments(MemoryBankQuery(bankUUID: "bank"), ["aid-2"], Call())
                _ = try await banks.settled()
                let left = try await banks.find(query, topK: 300).chunks
                #expect(left.count == 219)
                #expect(left.first?.documentUUID != "aid-1")
                #expect(!left.contains { $0.documentUUID == "aid-2" })
                let both = try await banks.find(query, in: ["bank", "other"], topK: 1000).chunks
                #expect(both.count == 439)
                #expect(both.first.map { [$0.bankUUID, $0.documentUUID] } == ["other", "aid-1"])
                _ = try await banks.drop(MemoryBankQuery(bankUUID: "other"), Call())
                try await banks.create("other", [])
                #expect(try await banks.find(query, in: ["other"]).chunks == [])
                while try await banks.store.store.read({ try Int.fetchOne($0, sql: "SELECT count(*) FROM vector") })
                    != 219
                {
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
        }
    }

    @Test(
        "a filter that accepts one document finds it however far it is, exactly and by lists", arguments: [10, 20_000])
    func filtered(_ exactMax: Int) async throws {
        try await withFolder { state in
            try await withBanks(state, embedder, exactMax: exactMax) { banks in
                try await banks.create("bank", judged.rows { ["id": .string($0)] })
                _ = try await banks.settled()
                for mode in [MemoryBankQueryMode.vector, .hybrid] {
                    for id in ["rent-7", "bread-1", "hist-10"] {
                        let found = try await banks.find("phone's back is bulging", mode, filter: ["id": .string(id)])
                        #expect(found.chunks.map(\.documentUUID) == [id])
                    }
                    let none = try await banks.find("phone's back is bulging", mode, filter: ["id": "no"])
                    #expect(none.chunks == [])
                }
            }
        }
    }

    @Test("a chunk longer than the model reads has the mean of its windows as its vector")
    func windows() async throws {
        struct Halves: Embedder {
            let model = "halves"
            func embed(_ texts: [String]) async throws -> [[Float]] {
                texts.map { $0.hasPrefix("one") ? [1, 0] : [0, 1] }
            }
        }
        let long = String(repeating: "one ", count: 192) + String(repeating: "two ", count: 192)
        let vectors = try await ChunkEmbedder(Halves()).embed([long, "two", ""])
        #expect(vectors.dropFirst() == [[0, 1], [0, 1]])
        #expect(vectors[0].allSatisfy { abs($0 - Float(0.5).squareRoot()) < 1e-6 })
    }

    @Test("a model that answers too few vectors, or numbers that are none, is one that is down")
    func unusable() async throws {
        struct Broken: Embedder {
            let model = "broken"
            var answer: [[Float]]
            func embed(_ texts: [String]) async throws -> [[Float]] { answer }
        }
        for answer: [[Float]] in [[], [[1], [1]], [[.nan]], [[]]] {
            let error = await #expect(throws: ProviderError.self) {
                _ = try await ChunkEmbedder(Broken(answer: answer)).embed(["text"])
            }
            #expect(error?.code == .providerUnavailable)
        }
    }
}
