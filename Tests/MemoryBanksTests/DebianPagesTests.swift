import BankFixtures
import Foundation
import JudgedDocuments
import ProviderKit
import Testing

/// Search compared with other searches on Debian's pages (`Tests/Fixtures/judged-debian`).
@Suite(.timeLimit(.minutes(10)))
struct DebianPagesTests {
    let judged: JudgedSet
    let embedder: JudgedEmbedder

    init() throws {
        judged = try JudgedSet(.debian)
        embedder = try JudgedEmbedder(judged)
    }

    @Test("every judgment is 1 or 2 and of a page that is there, and every question has an answer")
    func judgments() {
        #expect(judged.documents.count == 160)
        #expect(judged.queries.count == 65)
        let ids = Set(judged.documents.map(\.id))
        for query in judged.queries {
            #expect(query.judgments.allSatisfy { ids.contains($0.key) && (1...2).contains($0.value) }, "\(query)")
            #expect(!query.answers.isEmpty, "\(query)")
        }
    }

    @Test(
        "over Debian's pages words are no worse than BM25 and both are no worse than its fusion with MiniLM",
        arguments: BankKind.allCases)
    func quality(_ kind: BankKind) async throws {
        try await withFolder { state in
            try await kind.withBanks(state, embedder) { banks in
                try await banks.create("bank", judged.rows())
                _ = try await banks.settled()
                let words = try await gains(banks, .keyword)
                let both = try await gains(banks, .hybrid)
                try say("\(kind) words", words, "bm25")
                try say("\(kind) both", both, "rrf")
                #expect(mean(words) >= mean(try judged.peer("bm25")))
                #expect(mean(both) >= mean(try judged.peer("rrf")))
                // As they were when this was written.
                #expect(abs(mean(words) - 0.650) < 0.01)
                #expect(abs(mean(both) - 0.830) < 0.01)
            }
        }
    }

    private func gains(_ banks: any MemoryBanksProvider, _ mode: MemoryBankQueryMode) async throws -> [Double] {
        var gains: [Double] = []
        for query in judged.queries {
            gains.append(judged.gain(query, try await banks.find(query.text, mode).chunks.map(\.documentUUID)))
        }
        return gains
    }

    private func say(_ what: String, _ gains: [Double], _ peer: String) throws {
        let peers = try judged.peer(peer)
        let interval = Self.interval(zip(gains, peers).map { $0 - $1 })
        print(
            "nDCG@10: \(what) \(mean(gains)), \(peer) \(mean(peers)), difference",
            "\(interval.lowerBound)...\(interval.upperBound)")
    }

    private func mean(_ gains: [Double]) -> Double { gains.reduce(0, +) / Double(gains.count) }

    /// In which the mean difference lies at 95 %, by the bootstrap: 10,000 times as many queries, drawn with a seed.
    private static func interval(_ differences: [Double]) -> ClosedRange<Double> {
        var state: UInt64 = 20_261_128
        func random() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(differences.count))
        }
        let means = (0..<10_000).map { _ in
            differences.indices.reduce(0) { sum, _ in sum + differences[random()] } / Double(differences.count)
        }.sorted()
        return means[250]...means[9_749]
    }
}
