import BankFixtures
import JudgedDocuments
import MemoryBanks
import ProviderKit
import Testing
import Torture

@testable import MemoryPgvector

/// Names, ids, filters, texts and vectors that would like to be something else.
@Suite(.timeLimit(.minutes(10)))
struct HostileInputTests {
    static let texts = [
        "'; DROP TABLE document; --", "$$; DROP TABLE document; $$", "\\'; SELECT pg_sleep(9); --", "\" OR 1=1", "$1",
        "{}", "}')::jsonb; --", "%s%n", "a\u{0}b", "\u{FFFD}", "x' || (SELECT 1) || '", ":1", "' | ':2",
        String(repeating: "'", count: 1_000_000),
    ]

    @Test("texts, metadata and filters full of SQL are data: found again as they were, and nothing is executed")
    func injection() async throws {
        try await withServer { server, state in
            try await server.create(
                "bank",
                Self.texts.enumerated().map { index, hostile in
                    text(
                        "\(index)", "word\(index) \(hostile)", "text/plain",
                        index == 13 ? [:] : [hostile: .string(hostile)])
                })
            _ = try await server.indexed("bank")
            for (index, hostile) in Self.texts.enumerated() {
                #expect(try await server.get(["\(index)"], "bank").texts == ["word\(index) \(hostile)"])
                guard index < 13 else { continue }
                for condition: JSON in [.string(hostile), ["in": [.string(hostile)]], ["gte": .string(hostile)]] {
                    let found = try await server.query(
                        MemoryBankQueryRequest(
                            bankUUIDs: ["bank"], query: .text("word\(index)"), filter: [hostile: condition]))
                    #expect(found.chunks.map(\.documentUUID) == ["\(index)"], "\(hostile) \(condition)")
                }
                _ = try await server.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: .text(hostile)))
            }
            #expect(try await server.status("bank").documents == Self.texts.count)
            let tables = try SharedServer.get().sql(
                "SELECT count(*) FROM pg_tables WHERE schemaname = '\(schemaName(state))'")
            #expect(tables == "11")
        }
    }

    @Test("a name or media type with U+0000 is 422, which PostgreSQL could not keep; a text with one comes back whole")
    func zero() async throws {
        try await withServer { server, _ in
            let name = await refusal {
                _ = try await server.call(
                    MemoryBanks.create, MemoryBankCreateQuery(bankUUID: "b", bankName: "a\u{0}"), [])
            }
            #expect(name?.code == .invalidRequest)
            #expect(name?.field == "bank_name")
            try await server.create("bank", [text("1", "before \u{0} after")])
            let type = await refusal { try await server.insert([text("2", "a", "text/\u{0}")], "bank") }
            #expect(type?.code == .invalidRequest)
            #expect(type?.field == "[0].mime_type")
            _ = try await server.indexed("bank")
            let found = try await server.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "after"))
            #expect(found.chunks.map(\.text) == ["before \u{0} after"])
        }
    }

    @Test("every operator of a filter answers as it does without a database", arguments: [0, 1])
    func filters(_ seed: Int) async throws {
        var random = SplitMix(seed: UInt64(seed))
        let values: [JSON] = [
            .null, true, false, 0, 1, 1.0, -1.5, 2020, .integer(.max), .integer(.max - 1), 1e300, "", "a", "b", "é",
            "e\u{301}",
            "2020", "a\u{0}", [], [1], ["a", "b"], [[1]], [.null], [:], ["a": 1], ["a": ["b": 1.0]],
        ]
        func value() -> JSON { values.randomElement(using: &random)! }
        let documents = (0..<120).map { index -> MemoryBankDocument in
            var metadata: JSONObject = [:]
            for key in ["k", "é", "k\u{0}"] where Bool.random(using: &random) { metadata[key] = value() }
            return text("\(index)", "llama", "text/plain", metadata)
        }
        try await withServer { server, _ in
            try await server.create("bank", documents)
            _ = try await server.indexed("bank")
            for _ in 0..<60 {
                let key = ["k", "é", "e\u{301}", "k\u{0}", "none"].randomElement(using: &random)!
                let operation = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "exists", ""].randomElement(
                    using: &random)!
                let condition: JSON =
                    switch operation {
                    case "": if case .object = value() { "a" } else { value() }
                    case "in": [operation: [value(), value()]]
                    case "exists": [operation: .bool(Bool.random(using: &random))]
                    case "eq", "ne": [operation: value()]
                    default:
                        [
                            operation: [JSON.integer(1), 1.0, -1.5, "a", "é", .integer(.max)].randomElement(
                                using: &random)!
                        ]
                    }
                let filter = try? MetadataFilter([key: condition])
                guard let filter else { continue }
                let wanted = documents.filter { filter.accepts($0.metadata) }.map(\.uuid)
                let found = try await server.query(
                    MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "llama", topK: 1000, filter: [key: condition]))
                #expect(Set(found.chunks.map(\.documentUUID)) == Set(wanted), "\(key) \(condition)")
            }
        }
    }

    @Test(
        "vectors that hold no numbers, or are of no length, are those of a model that is down; zeros are found by nothing"
    )
    func vectors() async throws {
        struct Given: Embedder {
            let model = "given"
            var vector: [Float]
            func embed(_ texts: [String]) async throws -> [[Float]] { texts.map { _ in vector } }
        }
        for (number, vector) in [[Float.nan, 1], [.infinity, 0], []].enumerated() {
            try await withBanks("vectors\(number)", Given(vector: vector)) { banks in
                try await banks.create("bank", [text("1", "llama")])
                let due = try await banks.settled(vectors: false).embeddingPending
                #expect(due == 1)
                let error = await #expect(throws: ProviderError.self) { _ = try await banks.find("llama") }
                #expect(error?.code == .providerUnavailable)
                #expect(try await banks.find("llama", nil).chunks.count == 1)
            }
        }
        try await withBanks("vectors_zero", Given(vector: [0, 0])) { banks in
            try await banks.create("bank", [text("1", "llama")])
            _ = try await banks.settled()
            let (byMeaning, byBoth) = try await (banks.find("llama").chunks, banks.find("llama", .hybrid).chunks)
            #expect(byMeaning == [])
            #expect(byBoth.count == 1)
        }
    }
}
