import BankFixtures
import Foundation
import Host
import ProviderKit
import Testing
import Torture

/// What a start says about a configuration that does not work.
@Suite(.timeLimit(.minutes(10)))
struct ConfigurationTests {
    private func failure(_ config: String) async -> String {
        do {
            try await withFolder { state in
                try await BankServer(state: state, config: config, provider: "remote::pgvector").stop()
            }
            return "it started"
        } catch { return (error as? StartFailure)?.description ?? "\(error)" }
    }

    @Test("a server that is not there is named with its place, and what to do")
    func nobodyThere() async throws {
        let said = await failure("{host: 127.0.0.1, port: 1, user: u, database: d, start_seconds_max: 1}")
        #expect(said.contains("host"))
        #expect(said.contains("can't be reached"))
        #expect(said.contains("Start it, or correct the address"))
    }

    @Test("every mistake of the configuration is said in one run, each with its key")
    func mistakes() async throws {
        let said = await failure(
            "{url: 'postgresql://u@h/d', user: u, schema: Bad-Name, chunk_tokens: 100, chunk_overlap_tokens: 51, hnsw_m: 1}"
        )
        for key in ["schema", "hnsw_m"] { #expect(said.contains(key), "\(said)") }
        let together = await failure(
            "{url: 'postgresql://u@h/d', user: u, ssl_key: k, chunk_tokens: 100, chunk_overlap_tokens: 51}")
        for key in ["user", "ssl_certificate", "chunk_overlap_tokens"] {
            #expect(together.contains(key), "\(together)")
        }
        #expect(await failure("{url: 'mysql://u@h/d'}").contains("postgresql://user:password@host:5432/database"))
        #expect(await failure("{host: h, ssl_root_certificate: none.pem}").contains("no file at"))
    }

    @Test("a database that is not there, and a password that is wrong, are said as such")
    func refusedByServer() async throws {
        let server = try PostgresServer(settings: ["fsync=off"])
        try server.sql("CREATE ROLE limited LOGIN PASSWORD 'right'")
        let none = await failure("{host: \(server.folder), user: postgres, database: none}")
        #expect(none.contains("database") && none.contains("CREATE DATABASE"), "\(none)")
        let schema = await failure("{host: \(server.folder), user: limited, database: postgres}")
        #expect(schema.contains("GRANT CREATE ON DATABASE"), "\(schema)")
        let path = server.folder + "/data/pg_hba.conf"
        try "local all postgres trust\nlocal all all scram-sha-256\n".write(
            toFile: path, atomically: false, encoding: .utf8)
        let loaded = try server.sql("SELECT pg_conf_load_time()")
        try server.sql("SELECT pg_reload_conf()")
        while try server.sql("SELECT pg_conf_load_time()") == loaded { try await Task.sleep(for: .milliseconds(10)) }
        let wrong = await failure("{host: \(server.folder), user: limited, password: wrong, database: postgres}")
        #expect(wrong.contains("password") && wrong.contains("${env.NAME}"), "\(wrong)")
        try server.sql("CREATE SCHEMA own AUTHORIZATION limited")
        let right = await failure(
            "{url: 'postgresql://limited:right@/postgres?host=\(server.folder)', schema: own}")
        #expect(right == "it started")
    }

    // MARK: Encryption

    @Test("a connection is encrypted as it is asked for: the certificate and its name are checked, ours is shown")
    func encrypted() async throws {
        try await withFolder { folder in
            func openssl(_ words: String...) throws { try PostgresServer.command(["/usr/bin/env", "openssl"] + words) }
            for (name, subject) in [("server", "/CN=localhost"), ("other", "/CN=localhost"), ("client", "/CN=client")] {
                try openssl(
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject, "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).crt")
                chmod("\(folder)/\(name).key", 0o600)
            }
            let postgres = try SharedServer.get()
            let proxy = try TLSProxy(folder: folder, socket: postgres.folder + "/.s.PGSQL.5432")
            defer { proxy.stop() }
            // A certificate that is refused ends a start at once.
            func start(_ host: String, _ more: String, seconds: Int = 60) async -> String {
                await failure(
                    "{host: \(host), port: \(proxy.port), user: postgres, database: postgres, schema: tls, "
                        + "start_seconds_max: \(seconds), \(more)}")
            }
            let ours = "ssl_certificate: \(folder)/client.crt, ssl_key: \(folder)/client.key"
            let root = "ssl_root_certificate: \(folder)/server.crt"
            #expect(await start("localhost", "sslmode: verify-full, \(root), \(ours)") == "it started")
            #expect(await start("localhost", "sslmode: require, \(ours)") == "it started")
            let name = await start("127.0.0.1", "sslmode: verify-full, \(root), \(ours)")
            #expect(name.contains("sslmode") && name.contains("127.0.0.1"), "\(name)")
            let issuer = await start(
                "localhost", "sslmode: verify-full, ssl_root_certificate: \(folder)/other.crt, \(ours)")
            #expect(issuer.contains("certificate verify failed"), "\(issuer)")
            // The client may see a lost connection alone, after which a start tries again.
            #expect(await start("localhost", "sslmode: verify-full, \(root)", seconds: 2) != "it started")
        }
    }

    @Test("where a server has no encryption, asking for it fails and says so")
    func unencrypted() async throws {
        let port = try unusedPort()
        let server = try PostgresServer(settings: ["fsync=off", "listen_addresses=127.0.0.1", "port=\(port)"])
        _ = server
        let said = await failure(
            "{host: 127.0.0.1, port: \(port), user: postgres, database: postgres, sslmode: require, start_seconds_max: 1}"
        )
        #expect(said.contains("sslmode") && said.contains("does not support SSL"), "\(said)")
    }
}

/// A port of this machine that no program listens on.
private func unusedPort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    (address.sin_family, address.sin_addr.s_addr) = (sa_family_t(AF_INET), UInt32(INADDR_LOOPBACK).bigEndian)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
        }
    }
    try #require(isBound)
    return Int(UInt16(bigEndian: address.sin_port))
}

/// Encrypts what goes to a server that can't do it itself, as PostgreSQL's protocol wants it.
private final class TLSProxy {
    let port: Int
    private let process = Process()

    init(folder: String, socket: String) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/postgres/tls-proxy.py").path
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script, folder, socket]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(Int(said.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    func stop() {
        // SIGTERM may be blocked: a child has the signal mask of the thread that started it.
        kill(process.processIdentifier, SIGKILL)
    }
}
