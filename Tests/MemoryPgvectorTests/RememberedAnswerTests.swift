import BankFixtures
import Host
import ProviderKit
import Testing
import Torture

/// Answers that several hosts remember.
@Suite(.timeLimit(.minutes(10)))
struct RememberedAnswerTests {
    @Test("of 64 equal changes at the same time, on two hosts, one acts, and all get its answer")
    func race() async throws {
        try await withFolder { state in
            let schema = schemaName(state)
            let hosts = [
                try await BankKind.pgvector.server(state + "/1", schema: schema),
                try await BankKind.pgvector.server(state + "/2", schema: schema),
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
