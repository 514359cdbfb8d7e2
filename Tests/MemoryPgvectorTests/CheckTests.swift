import BankFixtures
import Foundation
import Host
import JudgedDocuments
import MemoryBanks
import Postgres
import ProviderKit
import Synchronization
import Testing
import Torture

@testable import MemoryPgvector

/// What `llama-stack validate` finds out about a database, and leaves as it is.
@Suite(.timeLimit(.minutes(10)))
struct CheckTests {
    /// The whole way: a distribution that is only checked. What the provider logs, or what is wrong.
    private func check(_ config: String) async -> [String] {
        let lines = Mutex<[String]>([])
        let yaml = """
            version: 1
            providers:
              memory_banks:
                - {provider_id: db, provider_type: remote::pgvector, config: \(config)}
            """
        do {
            let manifest = try Manifest.parse(Array(yaml.utf8), file: "check.yaml", directory: "/", environment: [:])
            let log = LogSink { line in
                if line.message.contains("a start ") { lines.withLock { $0.append(line.message) } }
            }
            _ = try await Stack.check(manifest, log: log)
            return lines.withLock { $0 }
        } catch { return [error.description] }
    }

    /// Everything of a schema that a writer would change: its tables and indexes with their files, its rows by their
    /// versions. All but the counts of commits, which a host that serves raises meanwhile.
    private func snapshot(_ schema: String) throws -> String {
        let server = try SharedServer.get()
        let relations = try server.sql(
            """
            SELECT string_agg(relname || ' ' || relkind::text || ' ' || relfilenode, ',' ORDER BY relname) FROM pg_class
            WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = '\(schema)')
            """)
        let tables = try server.sql(
            """
            SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables
            WHERE schemaname = '\(schema)' AND tablename <> 'connection_commits'
            """)
        let names = tables.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ",")
        let rows = try names.map { table in
            try server.sql(
                "SELECT '\(table) ' || count(*) || coalesce(string_agg(xmin || ' ' || ctid::text, ',' ORDER BY ctid), '') FROM \(schema).\(table)"
            )
        }
        return ([relations] + rows).joined(separator: "\n")
    }

    @Test("a schema that there is not yet is not made, and what a start will do is said")
    func new() async throws {
        let server = try SharedServer.get()
        let said = await check(server.config(schema: "check_new"))
        #expect(
            said == [
                "a start will make the schema 'check_new'",
                "a start will bring the schema 'check_new' from version 0 to 6 (banks, documents, chunks; "
                    + "texts from the network; how documents were read; words; turns of banks; counts of commits)",
            ])
        #expect(try server.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'check_new'").contains("0"))
    }

    @Test("beside a host that serves, nothing in the schema changes, and the host goes on")
    func beside() async throws {
        let judged = try JudgedSet()
        let embedder = try JudgedEmbedder(judged)
        let config = try SharedServer.get().config(schema: "check_beside")
        try await withBanks("check_beside", embedder) { banks in
            try await banks.create("bank", Array(judged.rows().prefix(20)))
            _ = try await banks.settled()
            // Due for any host that serves.
            let before = try snapshot("check_beside")
            #expect(
                await check(config) == ["a start changes nothing in the schema 'check_beside'"])
            #expect(try snapshot("check_beside") == before)
            try await banks.create("other", Array(judged.rows().suffix(5)))
            #expect(try await banks.list(Call()).count == 2)
        }
    }

    @Test("documents that wait to be indexed wait on")
    func pending() async throws {
        try await withBanks("check_pending", nil) { _ in }
        let server = try SharedServer.get()
        try server.sql("INSERT INTO check_pending.bank (uuid, name) VALUES ('b', 'b')")
        try server.sql(
            """
            INSERT INTO check_pending.document (bank, uuid, state, mime_type, metadata, filterable, checksum, content)
            SELECT id, 'd', 0, 'text/plain', '{}', '{}', 0, 'words' FROM check_pending.bank
            """)
        let before = try snapshot("check_pending")
        let said = await check(server.config(schema: "check_pending"))
        #expect(said == ["a start changes nothing in the schema 'check_pending'"])
        #expect(try snapshot("check_pending") == before)
    }

    @Test("an embedding model that is new there is said, and not made known")
    func newModel() async throws {
        try await withBanks("check_model", nil) { _ in }
        let before = try snapshot("check_model")
        let configuration = try SharedServer.get().settings("check_model")
        let pool = Pool(try ConnectionSettings(configuration, context), log: context.log)
        let said = try await pool.check(configuration, .memoryBanks(hasVectors: false)) {
            try $0.changes(forModel: "new-one", inSchema: "check_model", version: $1)
        }
        await pool.close()
        #expect(said == ["embed the documents that are there with 'new-one', which is new in the schema"])
        #expect(try snapshot("check_model") == before)
    }

    @Test("what would keep a start from serving is said in its words")
    func mistakes() async throws {
        let server = try SharedServer.get()
        try server.sql("CREATE ROLE checked LOGIN")
        let limited = await check("{host: \(server.folder), user: checked, database: postgres, schema: check_none}")
        #expect(
            limited.first?.contains("may not make the schema 'check_none'; GRANT CREATE ON DATABASE") == true,
            "\(limited)")
        try server.sql("CREATE SCHEMA check_others")
        let others = await check("{host: \(server.folder), user: checked, database: postgres, schema: check_others}")
        #expect(others.first?.contains("may not make tables in the schema 'check_others'") == true, "\(others)")
        let none = await check("{host: \(server.folder), user: postgres, database: none}")
        #expect(none.first?.contains("CREATE DATABASE") == true, "\(none)")
        let away = await check("{host: 127.0.0.1, port: 1, user: u, database: d, start_seconds_max: 1}")
        #expect(away.first?.contains("Start it, or correct the address") == true, "\(away)")
        try await withBanks("check_newer", nil) { banks in
            try await banks.store.pool.write {
                _ = try $0.run("INSERT INTO schema_version (version, name) VALUES (99, 'to come')")
            }
        }
        let newer = await check(server.config(schema: "check_newer"))
        #expect(newer.first?.contains("of a newer llama-stack") == true, "\(newer)")
    }
}

private let context = ProviderContext(providerID: "check", purpose: .check)

/// The provider on a schema of the shared server.
private func withBanks(
    _ schema: String, _ embedder: (any Embedder)?, _ body: (MemoryPgvectorProvider) async throws -> Void
) async throws {
    let banks = try await postgresBanks(schema, embedder)
    do { try await body(banks) } catch {
        await banks.shutdown()
        throw error
    }
    await banks.shutdown()
}

extension PostgresServer {
    fileprivate func settings(_ schema: String) throws -> PostgresSettings {
        try PostgresSettings(
            json: ["host": .string(folder), "user": "postgres", "database": "postgres", "schema": .string(schema)],
            at: .root)
    }
}
