import BankFixtures
import Foundation
import Host
import ProviderKit
import Testing
import Torture

/// Changes that are sent again under their key.
@Suite(.timeLimit(.minutes(10)))
struct IdempotencyTests {
    @Test(
        "each change that is sent again acts once, and answers as it did the first time", arguments: BankKind.allCases)
    func again(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            for _ in 0..<3 { try await server.create("bank", [text("1", "one")], key: "create") }
            for _ in 0..<3 { try await server.insert([text("2", "two")], "bank", key: "insert") }
            for _ in 0..<3 { try await server.update([text("2", "zwei")], "bank", key: "update") }
            for _ in 0..<3 { #expect(try await server.delete(["1", "no"], "bank", key: "delete") == ["1"]) }
            #expect(try await server.get(["1", "2"], "bank").texts == ["zwei"])
            for _ in 0..<3 { #expect(try await server.drop("bank", key: "drop") == "bank") }
            let banks = try await server.list()
            #expect(banks == [])
        }
    }

    @Test("a change that is sent again after others changes nothing of theirs", arguments: BankKind.allCases)
    func later(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", "one")])
            try await server.update([text("1", "first")], "bank", key: "k")
            try await server.update([text("1", "second")], "bank")
            try await server.update([text("1", "first")], "bank", key: "k")
            #expect(try await server.get(["1"], "bank").texts == ["second"])
        }
    }

    @Test(
        "a key that comes with another request is 422, whether its bank, its body or its route is another",
        arguments: BankKind.allCases)
    func mismatch(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank")
            try await server.create("other")
            try await server.insert([text("1", "one")], "bank", key: "k")
            let calls: [() async throws -> Void] = [
                { try await server.insert([text("1", "one")], "other", key: "k") },
                { try await server.insert([text("1", "eno")], "bank", key: "k") },
                { try await server.update([text("1", "one")], "bank", key: "k") },
                { _ = try await server.delete(["1"], "bank", key: "k") },
            ]
            for call in calls {
                let error = await refusal(call)
                #expect(error?.code == .idempotencyMismatch)
                #expect(error?.code.httpStatus == 422)
            }
            #expect(try await server.get(["1"], "bank").texts == ["one"])
            #expect(try await server.get(["1"], "other") == [])
        }
    }

    @Test("a change that failed is tried when it is sent again", arguments: BankKind.allCases)
    func failed(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank")
            let error = await refusal { try await server.update([text("1", "new")], "bank", key: "k") }
            #expect(error?.code == .notFound)
            try await server.insert([text("1", "old")], "bank")
            try await server.update([text("1", "new")], "bank", key: "k")
            #expect(try await server.get(["1"], "bank").texts == ["new"])
        }
    }

    @Test("of 64 equal changes at the same time one acts, and all get its answer", arguments: BankKind.allCases)
    func race(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("gone", "one")])
            let answers = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<32 {
                    group.addTask {
                        try await server.insert([text("new", "text")], "bank", key: "insert")
                        return []
                    }
                    group.addTask { try await server.delete(["gone"], "bank", key: "delete") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0 == ["gone"] } == 32)
            #expect(try await server.get(["gone", "new"], "bank").map(\.uuid) == ["new"])
            #expect(try await server.status("bank").documents == 1)
        }
    }

    @Test("an answer is remembered over a restart", arguments: BankKind.allCases)
    func restart(_ kind: BankKind) async throws {
        try await withFolder { state in
            let first = try await kind.server(state)
            try await first.create("bank", [text("1", "one")])
            #expect(try await first.delete(["1"], "bank", key: "k") == ["1"])
            await first.stop()
            let second = try await kind.server(state)
            #expect(try await second.delete(["1"], "bank", key: "k") == ["1"])
            await second.stop()
        }
    }

    @Test("a method that reads supports no key, and says so", arguments: BankKind.allCases)
    func reading(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank")
            let error = await refusal {
                _ = try await server.call(
                    MemoryBanks.getDocuments, MemoryBankQuery(bankUUID: "bank"), ["1"], key: "k")
            }
            #expect(error?.code == .unsupportedOption)
            #expect(error?.field == "idempotency_key")
        }
    }
}
