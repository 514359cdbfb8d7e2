import Host
import ProviderKit
import Testing
import Torture

/// Changes that are sent again under their key.
@Suite(.timeLimit(.minutes(10)))
struct IdempotencyTests {
    @Test("each change that is sent again acts once, and answers as it did the first time")
    func again() async throws {
        try await withServer { server, _ in
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

    @Test("a key that comes with another request is 422; a change that failed is tried when it is sent again")
    func mismatch() async throws {
        try await withServer { server, _ in
            try await server.create("bank")
            try await server.insert([text("1", "one")], "bank", key: "k")
            for call: () async throws -> Void in [
                { try await server.insert([text("1", "eno")], "bank", key: "k") },
                { _ = try await server.delete(["1"], "bank", key: "k") },
            ] { #expect(await refusal(call)?.code == .idempotencyMismatch) }
            let failed = await refusal { try await server.update([text("2", "new")], "bank", key: "u") }
            #expect(failed?.code == .notFound)
            try await server.insert([text("2", "old")], "bank")
            try await server.update([text("2", "new")], "bank", key: "u")
            #expect(try await server.get(["1", "2"], "bank").texts == ["one", "new"])
        }
    }

    @Test("of 64 equal changes at the same time, on two hosts, one acts, and all get its answer")
    func race() async throws {
        try await withFolder { state in
            let schema = schemaName(state)
            let hosts = [
                try await bankServer(state + "/1", schema: schema), try await bankServer(state + "/2", schema: schema),
            ]
            try await hosts[0].create("bank", [text("gone", "one")])
            let answers = try await withThrowingTaskGroup(of: [String].self) { group in
                for number in 0..<32 {
                    group.addTask {
                        try await hosts[number % 2].insert([text("new", "text")], "bank", key: "insert")
                        return []
                    }
                    group.addTask { try await hosts[number % 2].delete(["gone"], "bank", key: "delete") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0 == ["gone"] } == 32)
            #expect(try await hosts[1].get(["gone", "new"], "bank").map(\.uuid) == ["new"])
            for host in hosts { await host.stop() }
        }
    }

    @Test("there are never many more answers than the limit, and the newest stay")
    func bounded() async throws {
        try await withServer(config: "{idempotency_keys_max: 10}") { server, state in
            try await server.create("bank")
            for key in 0..<50 { try await server.insert([text("\(key)", "a")], "bank", key: "\(key)") }
            _ = try await server.indexed("bank")
            let count = "SELECT count(*) FROM \(schemaName(state)).remembered_answer"
            while try Int(SharedServer.get().sql(count)) ?? 0 > 10 { try await Task.sleep(for: .milliseconds(20)) }
            try await server.insert([text("49", "a")], "bank", key: "49")
            #expect(
                await refusal { try await server.insert([text("1", "a")], "bank", key: "1") }?.code == .alreadyExists)
        }
    }
}
