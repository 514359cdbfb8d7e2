import BankFixtures
import JudgedDocuments
import MemoryBanks
import ProviderKit
import Testing

/// Search by meaning, on real embeddings of the judged set.
@Suite(.timeLimit(.minutes(10)))
struct VectorTests {
    let judged: JudgedSet
    let embedder: JudgedEmbedder

    init() throws {
        judged = try JudgedSet()
        embedder = try JudgedEmbedder(judged)
    }

    @Test(
        "over the judged set nDCG@10 is 0.40 by words, 0.85 by meaning, and best by both",
        arguments: BankKind.allCases)
    func quality(_ kind: BankKind) async throws {
        try await withFolder { state in
            try await kind.withBanks(state, embedder) { banks in
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
                print("nDCG@10:", kind, means.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", "))
                let (keyword, vector, hybrid) = (means[.keyword] ?? 0, means[.vector] ?? 0, means[.hybrid] ?? 0)
                #expect(abs(keyword - 0.397) < 0.01)
                #expect(abs(vector - 0.855) < 0.01)
                #expect(hybrid > vector + 0.005)
            }
        }
    }

    @Test(
        "a query that shares no word with its answer finds it, and says how and how near",
        arguments: BankKind.allCases)
    func meaning(_ kind: BankKind) async throws {
        try await withFolder { state in
            try await kind.withBanks(state, embedder) { banks in
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

    @Test(
        "a chunk says how well its words fit and how near its meaning is, each where it was found so",
        arguments: BankKind.allCases)
    func scores(_ kind: BankKind) async throws {
        try await withFolder { state in
            try await kind.withBanks(state, embedder) { banks in
                try await banks.create("bank", judged.rows())
                _ = try await banks.settled()
                let query = "scalded my hand with boiling soup"
                let both = try await banks.find(query, .hybrid, topK: 40).chunks
                let words = try await banks.find(query, .keyword, topK: 300).chunks
                let vectors = try await banks.find(query, .vector, topK: 300).chunks
                #expect(words.allSatisfy { $0.keywordScore == $0.score && $0.vectorScore == nil })
                #expect(vectors.allSatisfy { $0.vectorScore == $0.score && $0.keywordScore == nil })
                let byWords = Dictionary(uniqueKeysWithValues: words.map { ($0.documentUUID, $0.score) })
                let byMeaning = Dictionary(uniqueKeysWithValues: vectors.map { ($0.documentUUID, $0.score) })
                #expect(both.allSatisfy { $0.keywordScore != nil || $0.vectorScore != nil })
                for chunk in both {
                    #expect(chunk.keywordScore == nil || chunk.keywordScore == byWords[chunk.documentUUID])
                    #expect(chunk.vectorScore == nil || chunk.vectorScore == byMeaning[chunk.documentUUID])
                }
            }
        }
    }

    @Test(
        "a query without words goes by vectors alone, whether both were asked for or nothing was",
        arguments: BankKind.allCases, [MemoryBankQueryMode.hybrid, nil])
    func noWords(_ kind: BankKind, _ mode: MemoryBankQueryMode?) async throws {
        try await withFolder { state in
            var known = embedder
            known.add("?!", as: judged.documents[0].text)
            try await kind.withBanks(state, known) { banks in
                try await banks.create("bank", judged.rows())
                _ = try await banks.settled()
                let answer = try await banks.find("?!", mode)
                #expect(answer.mode == .vector)
                #expect(answer.chunks.first?.documentUUID == judged.documents[0].id)
                #expect(try await banks.find("?!", .keyword).chunks.isEmpty)
            }
        }
    }

    @Test(
        "vectors are there after a restart, without asking the model for them again", arguments: BankKind.allCases)
    func restart(_ kind: BankKind) async throws {
        try await withFolder { state in
            try await kind.withBanks(state, embedder) { banks in
                try await banks.create("bank", judged.rows())
                _ = try await banks.settled()
            }
            try await kind.withBanks(state, embedder) { banks in
                let (pending, found) = try await (banks.settled().embeddingPending, banks.find("HG 48213", topK: 220))
                #expect(pending == 0)
                #expect(found.chunks.count == 220)
            }
        }
    }

    @Test(
        "while the model is down documents are found by words; what waited gets its vectors when it is back",
        arguments: BankKind.allCases)
    func down(_ kind: BankKind) async throws {
        try await withFolder { state in
            var broken = embedder
            broken.isDown = true
            try await kind.withBanks(state, broken) { banks in
                try await banks.create("bank", judged.rows())
                #expect(try await banks.settled(vectors: false).embeddingPending == 220)
                let found = try await banks.find("HG 48213", nil)
                #expect(found.mode == .keyword)
                #expect(found.chunks.first?.documentUUID == "bird-10")
                let error = await #expect(throws: ProviderError.self) { _ = try await banks.find("HG 48213", .hybrid) }
                #expect(error?.code == .providerUnavailable)
            }
            try await kind.withBanks(state, embedder) { banks in
                let status = try await banks.settled()
                #expect(status.embeddingPending == 0)
                let found = try await banks.find("scalded my hand with boiling soup")
                #expect(found.chunks.first?.documentUUID == "aid-1")
            }
        }
    }

    @Test(
        "documents that were kept without a model get vectors when one is configured, and new ones with another",
        arguments: BankKind.allCases)
    func models(_ kind: BankKind) async throws {
        try await withFolder { state in
            try await kind.withBanks(state, nil) { banks in
                try await banks.create("bank", Array(judged.rows().prefix(50)))
                let status = try await banks.settled(vectors: false)
                #expect(status.embeddingPending == nil)
            }
            var other = embedder
            other.model = "another"
            for embedder in [embedder, other] {
                try await kind.withBanks(state, embedder) { banks in
                    _ = try await banks.settled()
                    #expect(try await banks.find("locate a puncture", topK: 50).chunks.count == 50)
                }
            }
        }
    }

    @Test("updated, deleted and dropped documents leave the search by meaning", arguments: BankKind.allCases)
    func changes(_ kind: BankKind) async throws {
        try await withFolder { state in
            try await kind.withBanks(state, embedder) { banks in
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
            }
        }
    }

    @Test("a document is found by meaning as soon as none waits for its vectors", arguments: BankKind.allCases)
    func settledIsFound(_ kind: BankKind) async throws {
        try await withFolder { state in
            try await kind.withBanks(state, embedder) { banks in
                try await banks.create("bank", [])
                for (index, document) in judged.documents.prefix(100).enumerated() {
                    try await banks.insert(
                        MemoryBankQuery(bankUUID: "bank"), [text(document.id, document.text)], Call())
                    _ = try await banks.settled()
                    let found = try await banks.find("scalded my hand with boiling soup", .vector, topK: 200).chunks
                    #expect(found.count == index + 1)
                }
            }
        }
    }

    @Test(
        "a filter that accepts few documents finds them however far they are, by comparing all and by the index",
        arguments: BankKind.allCases, [0, 20_000])
    func filtered(_ kind: BankKind, _ exactMax: Int) async throws {
        try await withFolder { state in
            try await kind.withBanks(state, embedder, exactMax: exactMax) { banks in
                try await banks.create(
                    "bank", judged.rows { ["id": .string($0), "bird": .bool($0.hasPrefix("bird"))] })
                _ = try await banks.settled()
                for mode in [MemoryBankQueryMode.vector, .hybrid] {
                    for id in ["rent-7", "bread-1", "hist-10"] {
                        let found = try await banks.find("phone's back is bulging", mode, filter: ["id": .string(id)])
                        #expect(found.chunks.map(\.documentUUID) == [id])
                    }
                    let none = try await banks.find("phone's back is bulging", mode, filter: ["id": "no"])
                    #expect(none.chunks == [])
                }
                // What a database can't leave out by itself: the filter refuses most of what an index finds.
                let birds = try await banks.find("phone's back is bulging", topK: 100, filter: ["bird": ["ne": false]])
                #expect(birds.chunks.count == judged.documents.count { $0.id.hasPrefix("bird") })
            }
        }
    }
}
