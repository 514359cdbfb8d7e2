import BankFixtures
import Foundation
import JudgedDocuments
import MemoryBanks
import ProviderKit
import Testing
import Torture

@testable import MemoryPgvector

/// The tables of models, and pgvector's index.
@Suite(.timeLimit(.minutes(10)))
struct VectorTableTests {
    let judged: JudgedSet
    let embedder: JudgedEmbedder

    init() throws {
        judged = try JudgedSet()
        embedder = try JudgedEmbedder(judged)
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
