import BankFixtures
import Foundation
import Host
import ProviderKit
import Testing
import Torture

@Suite(.timeLimit(.minutes(10)))
struct QueryTests {
    private func found(_ server: BankServer, _ request: MemoryBankQueryRequest) async throws -> [String] {
        try await server.query(request).chunks.map(\.documentUUID)
    }

    @Test(
        "the document that says more of the query comes first, with the chunk's place, score and metadata",
        arguments: BankKind.allCases)
    func ranking(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create(
                "bank",
                [
                    text("cats", "Cats sleep for most of the day.", "text/plain", ["topic": "cats"]),
                    text("both", "A cat chased a dog.\n"), text("fish", "Fish do neither."),
                ])
            _ = try await server.indexed("bank")
            let response = try await server.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "dog or cat"))
            #expect(response.mode == .keyword)
            #expect(response.chunks.map(\.documentUUID) == ["both", "cats"])
            let last = try #require(response.chunks.last)
            #expect(last.text == "Cats sleep for most of the day.")
            #expect((last.index, last.start, last.end) == (0, 0, 31))
            #expect(last.metadata == ["topic": "cats"])
            #expect(response.chunks[0].score > last.score && last.score > 0)
        }
    }

    @Test("a query sees the banks that it names, merged by score, and no others", arguments: BankKind.allCases)
    func banks(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            for bank in ["a", "b", "c"] { try await server.create(bank, [text(bank, "llama \(bank)")]) }
            for bank in ["a", "b", "c"] { _ = try await server.indexed(bank) }
            #expect(
                try await Set(found(server, MemoryBankQueryRequest(bankUUIDs: ["a", "c"], query: "llama"))) == [
                    "a", "c",
                ])
            let error = await refusal {
                _ = try await server.query(MemoryBankQueryRequest(bankUUIDs: ["a", "no"], query: "llama"))
            }
            #expect(error?.code == .notFound)
            #expect(error?.field == "bank_uuids[1]")
        }
    }

    @Test(
        "top_k and tokens_max bound the answer; a chunk that does not fit makes room for a smaller one",
        arguments: BankKind.allCases)
    func budget(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create(
                "bank",
                [
                    text("long", "llama llama llama llama one two three four five six"), text("short", "llama seven"),
                    text("other", "a llama and nine more words that say nothing at all here"),
                ])
            _ = try await server.indexed("bank")
            let all = try await server.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "llama"))
            #expect(all.chunks.count == 3)
            #expect(
                try await found(server, MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "llama", topK: 1)).count == 1
            )
            let tight = try await server.query(
                MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "llama", tokensMax: 3))
            #expect(tight.chunks.map(\.documentUUID) == ["short"])
            #expect(tight.chunks.map(\.tokenCount) == [2])
        }
    }

    @Test("the filter asks for members of the metadata", arguments: BankKind.allCases)
    func filter(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create(
                "bank",
                (2019...2024).map { year in
                    text(
                        "\(year)", "llama", "text/plain",
                        ["year": .integer(Int64(year)), "tags": year % 2 == 0 ? ["even", "all"] : ["all"]])
                })
            _ = try await server.indexed("bank")
            func years(_ filter: JSONObject) async throws -> [String] {
                try await found(server, MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "llama", filter: filter))
                    .sorted()
            }
            #expect(try await years(["year": 2020]) == ["2020"])
            #expect(try await years(["year": ["gte": 2022, "lt": 2024]]) == ["2022", "2023"])
            #expect(try await years(["year": ["in": [2019, 2024.0, "x"]]]) == ["2019", "2024"])
            #expect(try await years(["tags": "even", "year": ["ne": 2020]]) == ["2022", "2024"])
            #expect(try await years(["none": ["exists": false], "year": ["lte": 2019]]) == ["2019"])
            let error = await refusal { _ = try await years(["year": ["gtt": 1]]) }
            #expect(error?.code == .invalidRequest)
            #expect(error?.field == "filter.year.gtt")
        }
    }

    @Test(
        "vector and hybrid are 501 and say what there is", arguments: BankKind.allCases,
        [MemoryBankQueryMode.vector, .hybrid])
    func modes(_ kind: BankKind, _ mode: MemoryBankQueryMode) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank")
            let error = await refusal {
                _ = try await server.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "x", mode: mode))
            }
            #expect(error?.code == .notImplemented)
            #expect(error?.field == "mode")
            #expect(error?.message.contains("'keyword'") == true)
        }
    }

    @Test(
        "nothing in a query is syntax",
        arguments: BankKind.allCases,
        [
            "\"", "a AND", "NEAR(", "text : x", "*", "scope : b1", "( OR )", "\u{0}", "llama\" OR scope : \"b2", "",
            "--", "^a",
        ])
    func syntax(_ kind: BankKind, _ query: String) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", "llama")])
            try await server.create("other", [text("2", "llama")])
            _ = try await server.indexed("bank")
            _ = try await server.indexed("other")
            let chunks = try await server.query(
                MemoryBankQueryRequest(bankUUIDs: ["bank"], query: .text(query))
            ).chunks
            #expect(chunks.map(\.documentUUID) == (query.contains("llama") ? ["1"] : []))
        }
    }

    @Test("an updated document is found by its new words, a deleted one by none", arguments: BankKind.allCases)
    func changes(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", "alpha"), text("2", "beta")])
            _ = try await server.indexed("bank")
            try await server.update([text("1", "gamma")], "bank")
            #expect(try await found(server, MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "alpha")) == [])
            _ = try await server.indexed("bank")
            #expect(try await found(server, MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "gamma")) == ["1"])
            _ = try await server.delete(["1", "2"], "bank")
            #expect(try await found(server, MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "gamma beta")) == [])
        }
    }

    @Test(
        "a long document is found by the words of its end, at the place where they stand", arguments: BankKind.allCases)
    func long(_ kind: BankKind) async throws {
        try await kind.withServer(config: "{chunk_tokens: 64, chunk_overlap_tokens: 16}") { server, _ in
            let filler = String(repeating: "filler words here ", count: 20_000)
            try await server.create("bank", [text("long", filler + "needle")])
            let status = try await server.indexed("bank")
            #expect(status.chunks > 256)
            let chunk = try #require(
                try await server.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "needle")).chunks.first)
            #expect(chunk.index == status.chunks - 1)
            #expect(chunk.end == filler.utf8.count + 6)
        }
    }

    @Test("what holds no text that can be read is kept, counted, and not searched", arguments: BankKind.allCases)
    func notIndexed(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            let png = MemoryBankDocument(uuid: "png", content: [1, 2, 3], metadata: [:], mimeType: "image/png")
            try await server.create(
                "bank", [png, text("t", "words"), text("c", "words", "text/plain; charset=klingon")])
            let status = try await server.indexed("bank")
            #expect(
                status
                    == MemoryBankStatus(
                        bankUUID: "bank", documents: 3, pending: 0, indexed: 1, notIndexed: 2, chunks: 1))
        }
    }

    @Test(
        "a document that was pending when the server stopped is indexed by the next one", arguments: BankKind.allCases)
    func resumed(_ kind: BankKind) async throws {
        try await withFolder { state in
            let first = try await kind.server(state)
            try await first.create("bank", (0..<200).map { text("\($0)", "llama \($0)") })
            await first.stop()
            let second = try await kind.server(state)
            #expect(try await second.indexed("bank").indexed == 200)
            #expect(try await found(second, MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "199")) == ["199"])
            await second.stop()
        }
    }
}
