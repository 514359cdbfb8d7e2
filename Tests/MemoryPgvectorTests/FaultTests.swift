import BankFixtures
import Foundation
import Host
import ProviderKit
import Testing
import Torture

/// Faults of the server below working calls.
// One after another: they stop and start servers.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct FaultTests {
    private func withBanks<Result>(
        _ server: PostgresServer, user: String = "postgres", _ more: String = "",
        _ body: (BankServer) async throws -> Result
    ) async throws -> Result {
        let banks = try await BankServer(
            state: server.folder + "/state-\(UUID().uuidString.prefix(8))",
            config: server.config(schema: "banks", user: user, more),
            provider: "remote::pgvector")
        do {
            let result = try await body(banks)
            await banks.stop()
            return result
        } catch {
            await banks.stop()
            throw error
        }
    }

    @Test(
        "a server killed, stopped and paused under writers loses nothing acknowledged, and what was refused did not happen"
    )
    func rounds() async throws {
        var rounds = PostgresRounds(
            faults: [.killed, .backendKilled, .stopped, .paused, .killed, .backendKilled], writers: 8, seed: 20_261_127)
        rounds.pauseSeconds = 2
        var result = try await rounds.run()
        // The writers of a machine with other work may not have written while the server was away.
        for seed in 1...3 as ClosedRange<UInt64> where result.refused == 0 && result.wrong.isEmpty {
            rounds.seed += seed
            result = try await rounds.run()
        }
        print("rounds:", result)
        #expect(result.wrong == [])
        #expect(result.acknowledged > 0)
        #expect(result.refused > 0)
    }

    /// The server comes back only when all calls have been refused: each has found out by itself.
    @Test("while the server is away calls are 503 with Retry-After; after its return they are answered")
    func away() async throws {
        let server = try PostgresServer(settings: ["fsync=off"])
        try await withBanks(server) { banks in
            try await banks.create("bank", [text("1", "one")])
            for isPaused in [false, true] {
                if isPaused { server.pause() } else { server.stopImmediately() }
                for call: () async throws -> Void in [
                    { _ = try await banks.get(["1"], "bank") }, { try await banks.insert([text("2", "two")], "bank") },
                    { _ = try await banks.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "one")) },
                ] {
                    let error = await refusal(call)
                    #expect(error?.code == .providerUnavailable)
                    #expect(error?.retryAfterSeconds == 1)
                }
                if isPaused { server.resume() } else { try server.start() }
                while await refusal({ _ = try await banks.get(["1"], "bank") }) != nil {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(try await banks.get(["1", "2"], "bank").texts == ["one"])
            }
        }
    }

    @Test("a commit whose answer was lost is looked up on the next connection")
    func lostCommit() async throws {
        let server = try PostgresServer(settings: ["fsync=off"])
        try await withBanks(server, "reconnect_seconds_max: 120") { banks in
            try await banks.create("bank", [])
            // The call waits for the server, however late it comes back; tried again where it says that it did not.
            for id in 1...8 {
                // The commit waits for a standby that never answers: it is on disk, and the client hears nothing.
                try server.sql("ALTER SYSTEM SET synchronous_standby_names = 'absent'")
                try server.sql("SELECT pg_reload_conf()")
                try await Task.sleep(for: .milliseconds(200))
                async let outcome = refusal { try await banks.insert([text("\(id)", "one")], "bank") }
                try await Task.sleep(for: .milliseconds(300))
                server.kill()
                try server.start()
                try server.sql("ALTER SYSTEM RESET synchronous_standby_names")
                try server.sql("SELECT pg_reload_conf()")
                let error = await outcome
                if error?.message.contains("not known") == true { continue }
                #expect(error == nil)
                #expect(try await banks.get(["\(id)"], "bank").texts == ["one"])
                return
            }
            Issue.record("the server never came back in time")
        }
    }

    /// A server that crashes gives a transaction's number again when it had not reached the log.
    @Test("a commit that was lost is not taken for another transaction's, and is made again")
    func lostTransaction() async throws {
        let server = try PostgresServer(settings: ["fsync=off", "wal_writer_delay=10s"])
        try await withBanks(server, "reconnect_seconds_max: 120") { banks in
            try await banks.create("bank", [])
            // As above.
            for id in 1...8 {
                let error = try await insertLost("\(id)", banks, server)
                if error?.message.contains("not known") == true { continue }
                #expect(error == nil)
                #expect(try await banks.get(["\(id)"], "bank").texts == ["one"])
                return
            }
            Issue.record("the server never came back in time")
        }
    }

    /// Inserts a document, and kills the server in the commit; other transactions take numbers before it is back.
    private func insertLost(
        _ id: String, _ banks: BankServer, _ server: PostgresServer
    ) async throws -> ProviderError? {
        try server.sql(
            """
            CREATE FUNCTION banks.late() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER late AFTER INSERT ON banks.document
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION banks.late()
            """)
        async let outcome = refusal { try await banks.insert([text(id, "one")], "bank") }
        try await wait(for: 1, Self.sleepers, on: server)
        server.kill()
        try server.runAlone(
            ["DROP FUNCTION banks.late CASCADE", "CREATE TABLE IF NOT EXISTS public.number (of xid8)"]
                + Array(repeating: "INSERT INTO public.number VALUES (pg_current_xact_id())", count: 50))
        try server.start()
        return await outcome
    }

    @Test("a full disk is 507, and what is there can be read")
    func full() async throws {
        let server = try PostgresServer(settings: ["fsync=off"])
        try await withBanks(server) { banks in
            try await banks.create("bank", [text("1", "one")])
            // As the server itself says it.
            try server.sql(
                """
                CREATE FUNCTION banks.no_room() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE disk_full USING MESSAGE = 'could not extend file'; END $$;
                CREATE TRIGGER no_room BEFORE INSERT ON banks.document EXECUTE FUNCTION banks.no_room()
                """)
            let error = await refusal { try await banks.insert([text("2", "two")], "bank") }
            #expect(error?.code == .storageFull)
            #expect(try await banks.get(["1", "2"], "bank").texts == ["one"])
            #expect(try await banks.delete(["1"], "bank") == ["1"])
            try server.sql("DROP TRIGGER no_room ON banks.document")
            try await banks.insert([text("2", "two")], "bank")
        }
    }

    @Test("a server without a free connection is 503 with Retry-After; a search that takes too long is 504")
    func limits() async throws {
        // One connection is left for the superuser who looks when all others are taken.
        let server = try PostgresServer(settings: [
            "fsync=off", "max_connections=6", "superuser_reserved_connections=1",
        ])
        try server.sql("CREATE ROLE ordinary LOGIN")
        try server.sql("GRANT CREATE ON DATABASE postgres TO ordinary")
        try await withBanks(server, "connections_max: 2") { banks in
            try await banks.create("bank", [text("1", "one")])
            _ = try await banks.indexed("bank")
        }
        // The limit holds for each statement of a start too.
        try await withBanks(server, "connections_max: 2, statement_seconds_max: 5") { banks in
            // A lock that is held makes a call wait for longer than it may.
            let holder = statement("BEGIN; LOCK TABLE banks.document; SELECT pg_sleep(600)", on: server)
            try await wait(for: 1, Self.sleepers, on: server)
            let slow = await refusal { _ = try await banks.get(["1"], "bank") }
            #expect(slow?.code == .providerTimeout)
            try server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)'")
            await holder.value
        }
        // The one that looks.
        try await wait(for: 1, "backend_type = 'client backend'", on: server)
        let others = (0..<5).map { _ in statement("SELECT pg_sleep(600)", on: server) }
        try await wait(for: 5, Self.sleepers, on: server)
        do {
            try await withBanks(server, user: "ordinary", "start_seconds_max: 5") { _ in }
            Issue.record("it must not start")
        } catch {
            #expect((error as? StartFailure)?.description.contains("no connection free") == true, "\(error)")
        }
        server.kill()
        for other in others { await other.value }
    }

    private static let sleepers = "wait_event = 'PgSleep'"

    private func wait(for count: Int, _ connections: String, on server: PostgresServer) async throws {
        let question = "SELECT count(*) FROM pg_stat_activity WHERE \(connections)"
        while (try? server.sql(question)) != "\(count)" { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Runs on a thread of its own: psql blocks.
    private func statement(_ sql: String, on server: PostgresServer) -> Task<Void, Never> {
        Task {
            await withCheckedContinuation { done in
                Thread.detachNewThread {
                    _ = try? server.sql(sql)
                    done.resume()
                }
            }
        }
    }

    @Test("64 writers share 8 connections, and all their documents are there")
    func manyWriters() async throws {
        try await withServer { server, _ in
            try await server.create("bank")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<64 {
                    group.addTask {
                        for number in 0..<8 {
                            try await server.insert([Workload.document("\(writer)-\(number)", version: 1)], "bank")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let ids = (0..<64).flatMap { writer in (0..<8).map { "\(writer)-\($0)" } }
            #expect(try await server.get(ids, "bank") == ids.map { Workload.document($0, version: 1) })
            #expect(try await server.status("bank").documents == 512)
        }
    }

    @Test("of 16 writers of one new document one is answered, and 15 hear 409; calls that cross do not stop each other")
    func race() async throws {
        try await withServer { server, _ in
            try await server.create("bank")
            let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
                for writer in 0..<16 {
                    group.addTask {
                        let documents = [text("1", "\(writer)"), text("2", "\(writer)"), text("3", "\(writer)")]
                        let crossed = writer % 2 == 0 ? documents : documents.reversed()
                        return await refusal { try await server.insert(crossed, "bank") }?.code
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1)
            #expect(outcomes.count { $0 == .alreadyExists } == 15)
            await withTaskGroup(of: Void.self) { group in
                for writer in 0..<16 {
                    group.addTask {
                        let documents = [text("1", "\(writer)"), text("2", "\(writer)"), text("3", "\(writer)")]
                        let crossed = writer % 2 == 0 ? documents : documents.reversed()
                        #expect(await refusal { try await server.update(crossed, "bank") } == nil)
                    }
                }
            }
            #expect(try await Set(server.get(["1", "2", "3"], "bank").texts).count == 1)
        }
    }

    @Test("a bank that is dropped while documents are inserted is gone with all of them")
    func droppedMeanwhile() async throws {
        try await withServer { server, state in
            try await server.create("bank")
            await withTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for number in 0..<20 {
                            let error = await refusal {
                                try await server.insert([text("\(writer)-\(number)", "a")], "bank")
                            }
                            #expect(error == nil || error?.code == .notFound)
                        }
                    }
                }
                group.addTask { #expect(await refusal { _ = try await server.drop("bank") } == nil) }
            }
            let postgres = try SharedServer.get()
            while try postgres.sql("SELECT count(*) FROM \(schemaName(state)).document") != "0" {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await server.list() == [])
        }
    }
}
