import Foundation
import JudgedDocuments
import MemoryBanks
import ProviderKit
import Testing
import Torture

@testable import MemoryPgvector

/// Search by meaning, on real embeddings of the judged set.
@Suite(.timeLimit(.minutes(10)))
struct VectorQueryTests {
    let judged: JudgedSet
    let embedder: JudgedEmbedder

    init() throws {
        judged = try JudgedSet()
        embedder = try JudgedEmbedder(judged)
    }

    @Test("over the judged set nDCG@10 is as good by words and by meaning as in one file, and best by both")
    func quality() async throws {
        try await withBanks("judged", embedder) { banks in
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
            #expect(abs(keyword - 0.41) < 0.01)
            #expect(abs(vector - 0.855) < 0.01)
            #expect(hybrid > vector + 0.005)
        }
    }

    @Test("a query that shares no word with its answer finds it, and says how and how near")
    func meaning() async throws {
        try await withBanks("meaning", embedder) { banks in
            try await banks.create("bank", judged.rows())
            _ = try await banks.settled()
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

    @Test("while the model is down documents are found by words; what waited gets its vectors when it is back")
    func down() async throws {
        var broken = embedder
        broken.isDown = true
        try await withBanks("down", broken) { banks in
            try await banks.create("bank", judged.rows())
            #expect(try await banks.settled(vectors: false).embeddingPending == 220)
            let found = try await banks.find("HG 48213", nil)
            #expect(found.mode == .keyword)
            #expect(found.chunks.first?.documentUUID == "bird-10")
            let error = await #expect(throws: ProviderError.self) { _ = try await banks.find("HG 48213", .hybrid) }
            #expect(error?.code == .providerUnavailable)
        }
        try await withBanks("down", embedder) { banks in
            _ = try await banks.settled()
            let found = try await banks.find("scalded my hand with boiling soup")
            #expect(found.chunks.first?.documentUUID == "aid-1")
        }
    }

    @Test("documents kept without a model get vectors when one is configured, and a second model has its own")
    func models() async throws {
        try await withBanks("models", nil) { banks in
            try await banks.create("bank", Array(judged.rows().prefix(50)))
            let due = try await banks.settled(vectors: false).embeddingPending
            #expect(due == nil)
        }
        var other = embedder
        other.model = "another"
        for embedder in [embedder, other] {
            try await withBanks("models", embedder) { banks in
                _ = try await banks.settled()
                let found = try await banks.find("locate a puncture", topK: 50).chunks
                #expect(found.count == 50)
            }
        }
        // The first model's vectors are still there: its host needs no new ones.
        try await withBanks("models", embedder) { banks in
            let due = try await banks.settled(vectors: false).embeddingPending
            #expect(due == 0)
            #expect(try await banks.count("SELECT count(*) FROM embedding_model") == 2)
        }
    }

    @Test("a model whose vectors have another length than before is another one: all vectors are made anew")
    func dimensions() async throws {
        struct Half: Embedder {
            var whole: JudgedEmbedder
            var model: String { whole.model }
            func embed(_ texts: [String]) async throws -> [[Float]] {
                try await whole.embed(texts).map { Array($0.prefix(192)) }
            }
        }
        for embedder: any Embedder in [embedder, Half(whole: embedder)] {
            try await withBanks("dimensions", embedder) { banks in
                if try await banks.list(Call()).isEmpty {
                    try await banks.create("bank", Array(judged.rows().prefix(40)))
                } else {
                    // A new document brings vectors of the new length.
                    try await banks.insert(MemoryBankQuery(bankUUID: "bank"), [judged.rows()[40]], Call())
                }
                _ = try await banks.settled()
                #expect(try await banks.find("locate a puncture", topK: 100).chunks.count >= 40)
            }
        }
    }

    @Test("updated, deleted and dropped documents leave the search by meaning, and their vectors the database")
    func changes() async throws {
        try await withBanks("changes", embedder) { banks in
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
            while try await banks.count("SELECT count(*) FROM vector_1") != 219 {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test(
        "a filter that accepts one document finds it however far it is, by comparing all and by the index",
        arguments: [0, 20_000])
    func filtered(_ exactMax: Int) async throws {
        let more: JSONObject = ["exact_chunks_max": .integer(Int64(exactMax)), "hnsw_ef_search": 10]
        try await withBanks("filtered\(exactMax)", embedder, more) { banks in
            try await banks.create("bank", judged.rows { ["id": .string($0), "bird": .bool($0.hasPrefix("bird"))] })
            _ = try await banks.settled()
            for mode in [MemoryBankQueryMode.vector, .hybrid] {
                for id in ["rent-7", "bread-1", "hist-10"] {
                    let found = try await banks.find("phone's back is bulging", mode, filter: ["id": .string(id)])
                    #expect(found.chunks.map(\.documentUUID) == [id])
                }
                let none = try await banks.find("phone's back is bulging", mode, filter: ["id": "no"])
                #expect(none.chunks == [])
            }
            // What the database can't leave out by itself: the filter alone says no to most of what the index finds.
            let birds = try await banks.find("phone's back is bulging", topK: 100, filter: ["bird": ["ne": false]])
            let all = judged.documents.filter { $0.id.hasPrefix("bird") }.count
            #expect(birds.chunks.count == all)
        }
    }

    @Test("the index finds what comparing all finds, of 2,200 chunks: recall@10 over 0.95")
    func recall() async throws {
        /// The judged vectors with a little noise for each document of its own: "NUMBER:TEXT".
        struct Noisy: Embedder {
            let model = "noisy"
            var judged: JudgedEmbedder
            func embed(_ texts: [String]) async throws -> [[Float]] {
                try await judged.embed(texts.map { String($0.drop { $0 != ":" }.dropFirst()) })
                    .enumerated().map { index, vector in
                        var random = SplitMix(seed: UInt64(texts[index].prefix { $0 != ":" }) ?? 0)
                        return vector.map { $0 + Float.random(in: -0.04...0.04, using: &random) }
                    }
            }
        }
        let exactly: JSONObject = ["chunk_tokens": 8192]
        let byIndex: JSONObject = ["chunk_tokens": 8192, "exact_chunks_max": 0]
        try await withBanks("recall", Noisy(judged: embedder), exactly) { exact in
            try await exact.create("bank", [])
            for start in 0..<10 {
                let documents = judged.documents.enumerated().map { index, document in
                    text("\(start)-\(document.id)", "\(start * 1000 + index + 1):\(document.text)")
                }
                try await exact.insert(MemoryBankQuery(bankUUID: "bank"), documents, Call())
            }
            _ = try await exact.settled()
            try await withBanks("recall", Noisy(judged: embedder), byIndex) { indexed in
                var (same, all) = (0, 0)
                for query in judged.queries.prefix(40) {
                    let wanted = try await exact.find("0:" + query.text).chunks.map(\.documentUUID)
                    let found = try await indexed.find("0:" + query.text).chunks.map(\.documentUUID)
                    same += Set(wanted).intersection(found).count
                    all += wanted.count
                }
                print("recall@10 of the index:", Double(same) / Double(all))
                #expect(all == 400)
                #expect(Double(same) > 0.95 * Double(all))
            }
        }
    }
}
