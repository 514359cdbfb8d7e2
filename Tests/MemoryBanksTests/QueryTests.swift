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
        "top_k and tokens_max bound the answer; one that does not fit beside the best makes room for a smaller one",
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
                MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "llama", tokensMax: 12))
            #expect(tight.chunks.map(\.documentUUID) == ["long", "short"])
            #expect(tight.chunks.map(\.tokenCount) == [10, 2])
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

    @Test("and, or and not nest, and each operator may begin with a dollar", arguments: BankKind.allCases)
    func nested(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create(
                "bank",
                (1...6).map { number in
                    text(
                        "\(number)", "llama", "text/plain",
                        ["n": .integer(Int64(number)), "even": .bool(number % 2 == 0), "not": "x", "and": "y"])
                })
            _ = try await server.indexed("bank")
            func found(_ filter: String) async throws -> String {
                let object = try #require(try JSON(parsing: filter).objectValue)
                let request = MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "llama", filter: object)
                return try await self.found(server, request).sorted().joined()
            }
            for (filter, wanted) in [
                (#"{"or": [{"n": 1}, {"n": {"gte": 5}}]}"#, "156"), (#"{"$or": [{"n": {"$eq": 1}}, {"n": 2}]}"#, "12"),
                (#"{"not": {"even": true}}"#, "135"), (#"{"$not": {"$or": [{"even": true}, {"n": 1}]}}"#, "35"),
                (#"{"and": [{"even": true}, {"or": [{"n": 2}, {"n": 3}]}]}"#, "2"),
                (#"{"n": {"not": {"in": [1, 2]}}}"#, "3456"), (#"{"n": {"$not": {"$gt": 2, "$lt": 5}}}"#, "1256"),
                (#"{"n": {"$gt": 4}, "$or": [{"even": true}, {"n": {"$in": [5]}}]}"#, "56"),
                (#"{"not": {"not": {"n": 4}}}"#, "4"), (#"{"or": [{"none": 1}, {}]}"#, "123456"),
                (#"{"or": [{"n": {"ne": 1}}, {"n": 1}], "even": false}"#, "135"),
                (#"{"not": "x", "and": "y", "n": 3}"#, "3"), (#"{"not": {"and": {"eq": "y"}}}"#, ""),
                (#"{"not": {}}"#, ""), (#"{"n": {"in": []}}"#, ""),
                ("{\"n\": {\"in\": [3" + String(repeating: ", 9", count: 40_000) + "]}}", "3"),
            ] { #expect(try await found(filter) == wanted, "\(filter.prefix(200))") }
        }
    }

    @Test(
        "an operator that there is none of is 422 at its place, with those that there are", arguments: BankKind.allCases
    )
    func unknownOperators(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank")
            for (filter, field, word) in [
                (#"{"$nor": [{"a": 1}]}"#, "filter.$nor", "and, or, not, eq"),
                (#"{"a": {"$regex": "x"}}"#, "filter.a.$regex", "eq, ne"),
                (#"{"$or": {"a": 1}}"#, "filter.$or", "array"), (#"{"or": []}"#, "filter.or", "at least one"),
                (#"{"or": [1]}"#, "filter.or[0]", "a filter"), (#"{"$eq": 1}"#, "filter.$eq", "member"),
                (#"{"or": [{"a": {"and": []}}]}"#, "filter.or[0].a.and", "eq, ne"),
                (#"{"$not": [{"a": 1}]}"#, "filter.$not", "a filter"),
                (#"{"a": {"not": 1}}"#, "filter.a.not", "operators"),
                (#"{"a": {}}"#, "filter.a", "at least one operator"),
                (#"{"$and": [{"$or": [{"a": {"$gtt": 1}}]}]}"#, "filter.$and[0].$or[0].a.$gtt", "gte"),
                ("{\"or\": [{}" + String(repeating: ", {\"a\": 1}", count: 1_000) + "]}", "filter.or[1000].a", "1000"),
            ] {
                let object = try #require(try JSON(parsing: filter).objectValue)
                let error = await refusal {
                    let request = MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "llama", filter: object)
                    _ = try await server.query(request)
                }
                #expect(error?.code == .invalidRequest)
                #expect(error?.field == field)
                #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
            }
        }
    }

    @Test(
        "numbers of metadata come back with every digit, and a filter compares every digit",
        arguments: BankKind.allCases)
    func exactNumbers(_ kind: BankKind) async throws {
        let ids = Self.ascending.shuffled()
        func number(_ text: String) throws -> JSON { try JSON(parsing: text) }
        try await kind.withServer { server, _ in
            try await server.create(
                "bank",
                try ids.map {
                    text(
                        String($0.prefix(60)), "llama", "text/plain",
                        ["id": try number($0), "in": ["deep": [try number($0)]]])
                })
            _ = try await server.indexed("bank")
            func found(_ condition: String) async throws -> Set<String> {
                let request = MemoryBankQueryRequest(
                    bankUUIDs: ["bank"], query: "llama", topK: 100, filter: ["id": try JSON(parsing: condition)])
                return Set(try await server.query(request).chunks.compactMap { $0.metadata["id"]?.text })
            }
            for id in ids {
                let document = try #require(try await server.get([String(id.prefix(60))], "bank").first)
                #expect(document.metadata.json.text == #"{"id":\#(id),"in":{"deep":[\#(id)]}}"#)
                #expect(try await found(id) == [id])
                #expect(try await found(#"{"in": [\#(id), 1]}"#) == [id])
                #expect(try await found(#"{"ne": \#(id)}"#) == Set(ids).subtracting([id]))
                let less = Set(Self.ascending.prefix { $0 != id })
                let greater = Set(ids).subtracting(less).subtracting([id])
                #expect(try await found(#"{"lt": \#(id)}"#) == less, "lt \(id)")
                #expect(try await found(#"{"lte": \#(id)}"#) == less.union([id]), "lte \(id)")
                #expect(try await found(#"{"gt": \#(id)}"#) == greater, "gt \(id)")
                #expect(try await found(#"{"gte": \#(id)}"#) == greater.union([id]), "gte \(id)")
            }
        }
    }

    /// As Python's `decimal` sorts them.
    private static let ascending = [
        "-11679230632388718523", "-9223372036854775808", "1e-400", "0.12345678901234567890", "0.12345678901234567891",
        "9007199254740992.5", "9007199254740993", "1546130668394913822", "1546130668394913823", "11679230632388718523",
        "11679230632388718524", "340282366920938463463374607431768211456", "1" + String(repeating: "0", count: 400),
    ]

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
            "\"", "a AND", "NEAR(", "text : x", "*", "scope : b1", "( OR )", "\u{0}", "llama\" OR scope : \"b2", " ",
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
