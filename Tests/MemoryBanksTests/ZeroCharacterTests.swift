import BankFixtures
import Foundation
import MemoryBanks
import ProviderKit
import Synchronization
import Testing
import Torture

/// U+0000, at which databases and C end a text.
@Suite(.timeLimit(.minutes(10)))
struct ZeroCharacterTests {
    @Test(
        "a name, a media type or an id with U+0000 is 422 at its place, and reaches no other",
        arguments: BankKind.allCases)
    func refused(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("a", "llama")])
            _ = try await server.indexed("bank")
            let zero = "a\u{0}b"
            let calls: [(field: String, call: () async throws -> Void)] = [
                (
                    "bank_name",
                    {
                        let query = MemoryBankCreateQuery(bankUUID: "b", bankName: zero)
                        _ = try await server.call(MemoryBanks.create, query, [])
                    }
                ),
                ("bank_uuid", { try await server.create("bank\u{0}") }),
                ("bank_uuid", { _ = try await server.drop("bank\u{0}") }),
                ("bank_uuid", { _ = try await server.status("bank\u{0}") }),
                ("[0].uuid", { try await server.insert([text(zero, "x")], "bank") }),
                (
                    "[1].mime_type",
                    { try await server.insert([text("c", "x"), text("d", "x", "text/plain\u{0}x")], "bank") }
                ),
                ("[0].mime_type", { try await server.update([text("a", "x", "\u{0}")], "bank") }),
                ("[1]", { _ = try await server.get(["a", zero], "bank") }),
                ("[0]", { _ = try await server.delete([zero], "bank") }),
                (
                    "bank_uuids[0]",
                    {
                        let request = MemoryBankQueryRequest(bankUUIDs: ["bank\u{0}"], query: "llama")
                        _ = try await server.query(request)
                    }
                ),
            ]
            for (field, call) in calls {
                let error = await refusal(call)
                #expect(error?.code == .invalidRequest, "\(field)")
                #expect(error?.field == field)
            }
            #expect(try await server.list() == [MemoryBank(uuid: "bank", name: "bank")])
            #expect(try await server.get(["a"], "bank").texts == ["llama"])
            #expect(try await server.status("bank").documents == 1)
        }
    }

    @Test(
        "a content and metadata with U+0000 come back whole, and words behind it are found",
        arguments: BankKind.allCases
    )
    func kept(_ kind: BankKind) async throws {
        try await kind.withServer { server, state in
            let content = "heron\u{0}badger \u{0} walrus"
            try await server.create(
                "bank", [text("1", content, "text/plain", ["k\u{0}": "v\u{0}w"]), text("2", "alpha\u{0}\u{0}")])
            _ = try await server.indexed("bank")
            let document = try #require(try await server.get(["1"], "bank").first)
            #expect([document].texts == [content])
            #expect(document.metadata == ["k\u{0}": "v\u{0}w"])
            for word in ["heron", "badger", "walrus", "nothing\u{0}walrus"] {
                for filter: JSONObject in [[:], ["k\u{0}": "v\u{0}w"]] {
                    let request = MemoryBankQueryRequest(bankUUIDs: ["bank"], query: .text(word), filter: filter)
                    let chunks = try await server.query(request).chunks
                    #expect(chunks.map(\.text) == [content], "\(word)")
                    #expect(chunks.first.map { $0.end - $0.start } == content.utf8.count)
                }
            }
            // What was cut and indexed can be taken out again.
            #expect(try await server.delete(["1"], "bank") == ["1"])
            let request = MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "after alpha")
            #expect(try await server.query(request).chunks.map(\.documentUUID) == ["2"])
        }
    }

    @Test("a model reads what stands behind U+0000 too", arguments: BankKind.allCases)
    func embedded(_ kind: BankKind) async throws {
        final class Noted: Embedder {
            let model = "noted"
            let texts = Mutex<[String]>([])
            func embed(_ texts: [String]) async throws -> [[Float]] {
                self.texts.withLock { $0 += texts }
                return texts.map { _ in [1, 0] }
            }
        }
        try await withFolder { state in
            let noted = Noted()
            try await kind.withBanks(state, noted) { banks in
                try await banks.create("bank", [text("1", "before\u{0}after")])
                _ = try await banks.settled()
            }
            #expect(noted.texts.withLock { $0 } == ["before\u{0}after"])
        }
    }
}
