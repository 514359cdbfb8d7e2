import BankFixtures
import Foundation
import Host
import ProviderKit
import Testing
import Torture

/// The draft's seven routes, over the contract.
@Suite(.timeLimit(.minutes(10)))
struct BankTests {
    @Test(
        "a bank is listed with the name that it was given, in the order of creation, until it is dropped",
        arguments: BankKind.allCases)
    func list(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            #expect(try await server.list() == [])
            _ = try await server.call(MemoryBanks.create, MemoryBankCreateQuery(bankUUID: "b", bankName: "Büro"), [])
            try await server.create("a")
            #expect(
                try await server.list() == [MemoryBank(uuid: "b", name: "Büro"), MemoryBank(uuid: "a", name: "a")])
            #expect(try await server.drop("b") == "b")
            #expect(try await server.list().map(\.uuid) == ["a"])
        }
    }

    @Test("documents come back byte for byte, with their metadata as it stood", arguments: BankKind.allCases)
    func bytes(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            let all = MemoryBankDocument(
                uuid: "all", content: Base64Data(Array(0...255)),
                metadata: ["b": 1, "a": ["x": [1.5, true, "ä\u{0}"]], "big": .integer(.max)], mimeType: "image/png")
            let empty = MemoryBankDocument(uuid: "empty", content: [], metadata: [:], mimeType: "text/plain")
            try await server.create("bank", [all, empty])
            #expect(try await server.get(["all", "empty"], "bank") == [all, empty])
        }
    }

    @Test("get keeps the order of the ids and leaves out those that are not there", arguments: BankKind.allCases)
    func order(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", "one"), text("2", "two"), text("3", "three")])
            #expect(try await server.get(["3", "no", "1"], "bank").map(\.uuid) == ["3", "1"])
        }
    }

    @Test(
        "inserting a document that is there is 409, names it, and inserts none of the others",
        arguments: BankKind.allCases)
    func insertExisting(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", "old")])
            let error = await refusal { try await server.insert([text("2", "new"), text("1", "new")], "bank") }
            #expect(error?.code == .alreadyExists)
            #expect(error?.field == "[1].uuid")
            #expect(try await server.get(["1", "2"], "bank").texts == ["old"])
        }
    }

    @Test("update replaces documents; one that is not there is 404 and nothing changes", arguments: BankKind.allCases)
    func update(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", "old"), text("2", "old")])
            try await server.update([text("2", "new")], "bank")
            let error = await refusal { try await server.update([text("1", "new"), text("no", "new")], "bank") }
            #expect(error?.code == .notFound)
            #expect(error?.field == "[1].uuid")
            #expect(try await server.get(["1", "2"], "bank").texts == ["old", "new"])
        }
    }

    @Test("delete answers what was really deleted, in the order asked for, each once", arguments: BankKind.allCases)
    func delete(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", "a"), text("2", "b"), text("3", "c")])
            #expect(try await server.delete(["3", "no", "1", "3"], "bank") == ["3", "1"])
            #expect(try await server.get(["1", "2", "3"], "bank").map(\.uuid) == ["2"])
            #expect(try await server.status("bank").documents == 1)
        }
    }

    @Test(
        "creating a bank that is there is 409; dropping it frees its id, and the new one is empty",
        arguments: BankKind.allCases)
    func createExisting(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", "old words")])
            let error = await refusal { try await server.create("bank", []) }
            #expect(error?.code == .alreadyExists)
            #expect(error?.field == "bank_uuid")
            _ = try await server.drop("bank")
            try await server.create("bank")
            #expect(try await server.get(["1"], "bank") == [])
            #expect(try await server.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "words")).chunks == [])
        }
    }

    @Test("a create whose documents can't all be kept leaves no bank behind", arguments: BankKind.allCases)
    func createWhole(_ kind: BankKind) async throws {
        try await kind.withServer(config: "{documents_per_bank_max: 1}") { server, _ in
            let error = await refusal { try await server.create("bank", [text("1", "a"), text("2", "b")]) }
            #expect(error?.code == .storageFull)
            let banks = try await server.list()
            #expect(banks == [])
        }
    }

    @Test("every route on a bank that is not there is 404 and names bank_uuid", arguments: BankKind.allCases)
    func unknownBank(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            let calls: [() async throws -> Void] = [
                { try await server.insert([text("1", "a")], "no") }, { try await server.update([], "no") },
                { _ = try await server.get(["1"], "no") }, { _ = try await server.delete(["1"], "no") },
                { _ = try await server.drop("no") }, { _ = try await server.status("no") },
            ]
            for call in calls {
                let error = await refusal(call)
                #expect(error?.code == .notFound)
                #expect(error?.field == "bank_uuid")
            }
        }
    }

    @Test("a document that comes twice in one request is 422 and its place is named", arguments: BankKind.allCases)
    func twice(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank")
            let error = await refusal { try await server.insert([text("1", "a"), text("1", "b")], "bank") }
            #expect(error?.code == .invalidRequest)
            #expect(error?.field == "[1].uuid")
        }
    }

    @Test("ids are opaque: each is its own", arguments: BankKind.allCases)
    func opaque(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            for id in opaqueIDs { try await server.create(id, opaqueIDs.map { text($0, "\(id) \($0)") }) }
            for id in opaqueIDs {
                #expect(try await server.get(opaqueIDs, id).texts == opaqueIDs.map { "\(id) \($0)" })
            }
            #expect(try await server.list().count == opaqueIDs.count)
        }
    }

    @Test(
        "an id of no or of 201 bytes, or with a control character, is 422",
        arguments: BankKind.allCases,
        ["", String(repeating: "x", count: 201), "a\u{0}b", "a\nb"])
    func badID(_ kind: BankKind, _ id: String) async throws {
        try await kind.withServer { server, _ in
            let bank = await refusal { try await server.create(id) }
            #expect(bank?.code == .invalidRequest)
            try await server.create("bank")
            let error = await refusal { try await server.insert([text(id, "a")], "bank") }
            #expect(error?.code == .invalidRequest)
            #expect(error?.field == "[0].uuid")
        }
    }

    @Test("a document whose base64 is more than one write of an answer comes back whole", arguments: BankKind.allCases)
    func large(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            let bytes = (0..<49 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let document = MemoryBankDocument(
                uuid: "large", content: Base64Data(bytes), metadata: [:], mimeType: "image/png")
            try await server.create("bank", [])
            try await server.insert([document], "bank")
            #expect(try await server.get(["large"], "bank") == [document])
            try await server.update([document], "bank")
            #expect(try await server.get(["large"], "bank") == [document])
        }
    }

    @Test("what is beyond a limit is refused, and the limit is named", arguments: BankKind.allCases)
    func limits(_ kind: BankKind) async throws {
        let config =
            "{documents_per_call_max: 2, ids_per_call_max: 2, metadata_bytes_max: 20, banks_max: 1, answer_bytes_max: 5}"
        try await kind.withServer(config: config) { server, _ in
            try await server.create("bank", [text("1", "123"), text("2", "456")])
            let three = [text("a", ""), text("b", ""), text("c", "")]
            let long = text("long", "a", "text/plain", ["key": .string(String(repeating: "x", count: 20))])
            let calls: [(ErrorCode, String?, String, () async throws -> Void)] = [
                (.invalidRequest, nil, "documents_per_call_max is 2", { try await server.insert(three, "bank") }),
                (.invalidRequest, nil, "ids_per_call_max is 2", { _ = try await server.get(["1", "2", "3"], "bank") }),
                (.invalidRequest, nil, "ids_per_call_max is 2", { _ = try await server.delete(["1", "2", "3"], "bank") }),
                (.invalidRequest, "[0].metadata", "metadata_bytes_max is 20", { try await server.insert([long], "bank") }),
                (
                    .invalidRequest, "[0].mime_type", "1 to 255",
                    { try await server.insert([text("m", "a", "")], "bank") }
                ),
                (.storageFull, nil, "banks_max is 1", { try await server.create("second") }),
                (.bodyTooLarge, nil, "answer_bytes_max", { _ = try await server.get(["1", "2"], "bank") }),
            ]
            for (code, field, words, call) in calls {
                let error = await refusal(call)
                #expect(error?.code == code)
                #expect(error?.field == field)
                #expect(error?.message.contains(words) == true)
            }
            #expect(try await server.get(["1"], "bank").count == 1)
        }
    }
}
