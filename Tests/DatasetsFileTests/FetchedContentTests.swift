import FakeOrigin
import Foundation
import Host
import ProviderKit
import Storage
import Testing

/// Datasets whose content is on the network.
@Suite(.timeLimit(.minutes(10)))
struct FetchedContentTests {
    private static let rows = #"{"text": "a"}"# + "\n" + #"{"text": "b"}"# + "\n"

    /// What may be fetched in a test: this machine's loopback, on this port.
    private static func network(_ port: Int, _ more: String = "") -> String {
        "{providers: {files: {enabled: true, hosts: [localhost], http_hosts: [localhost], ports: [\(port)], "
            + "allow_private: [127.0.0.0/8, \"::1/128\"]\(more)}}}"
    }

    private static func withOrigin<R>(
        _ script: @escaping Origin.Script, _ body: (Origin) async throws -> R
    ) async throws -> R {
        // `localhost` may be ::1 first.
        try await Origin.run(host: "127.0.0.1", script, body)
    }

    @Test("content is copied whole, and the copy goes with the dataset")
    func lifecycle() async throws {
        try await Self.withOrigin(Origin.answering(Origin.ok(Self.rows))) { origin in
            try await withDatasets(network: Self.network(origin.port)) { server, data in
                let url = "http://localhost:\(origin.port)/a.jsonl"
                try await server.create("../d", url, ["text": .text])
                #expect(try await server.get("../d").contentURL.string == url)
                let copy = try #require(try keptCopies(data).first)
                #expect(FileManager.default.contents(atPath: copy) == Data(Self.rows.utf8))
                let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                try await server.delete("../d")
                #expect(try keptCopies(data).isEmpty)
                #expect(origin.connections == 1)
            }
        }
    }

    @Test("nothing stays of content that is refused: rows that do not fit, a broken answer, an id that is taken")
    func refused() async throws {
        let script: Origin.Script = { request, connection in
            connection.send(
                request.contains("/short") ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}" : Origin.ok(Self.rows),
                thenClose: true)
        }
        try await Self.withOrigin(script) { origin in
            try await withDatasets(network: Self.network(origin.port)) { server, data in
                let url = "http://localhost:\(origin.port)"
                let rows = await refusal { try await server.create("d", url + "/a.jsonl", ["text": .number]) }
                #expect(rows?.message.contains("row 1, line 1: column 'text' must be a number") == true)
                let short = await refusal { try await server.create("d", url + "/short", ["text": .text]) }
                #expect(short?.code == .upstreamError && short?.field == "dataset.content_url")
                #expect(try keptCopies(data).isEmpty)
                try await server.create("d", url + "/a.jsonl", ["text": .text])
                let taken = await refusal { try await server.create("d", url + "/a.jsonl", ["text": .text]) }
                #expect(taken?.code == .alreadyExists)
                #expect(try keptCopies(data).count == 1)
            }
        }
    }

    @Test("a parquet file is refused by its name or by its bytes, with the way to convert it")
    func parquet() async throws {
        try await Self.withOrigin(Origin.answering(Origin.ok("PAR1abcPAR1"))) { origin in
            try await withDatasets(network: Self.network(origin.port)) { server, data in
                try write("PAR1", data + "/a.parquet")
                for url in ["http://localhost:\(origin.port)/b", "file://\(data)/a.parquet"] {
                    let error = await refusal { try await server.create("d", url, ["text": .text]) }
                    #expect(error?.code == .invalidRequest)
                    #expect(error?.message.contains("is Parquet") == true && error?.message.contains("duckdb") == true)
                }
            }
        }
    }

    @Test(
        "what is not allowed is 400 with the field, and no connection is made",
        arguments: [
            "http://127.0.0.2:PORT/a", "http://2130706433:PORT/a", "http://[::ffff:127.0.0.1]:PORT/a",
            "http://ok@localhost:PORT/a", "https://localhost/a", "http://localhost:22/a", "http://other.test:PORT/a",
            "http://localhost:PORT\\@a.test/", "http://localhost:PORT/#a", "http://0x7f.1:PORT/", "http://[::1]:PORT/",
            "http://169.254.169.254/latest/meta-data", "http://metadata:PORT/",
        ])
    func notAllowed(_ url: String) async throws {
        try await Self.withOrigin(Origin.answering(Origin.ok(Self.rows))) { origin in
            try await withDatasets(network: Self.network(origin.port)) { server, _ in
                let text = url.replacing("PORT", with: "\(origin.port)")
                let error = await refusal { try await server.create("d", text, ["text": .text]) }
                #expect(error?.code == .urlNotAllowed && error?.field == "dataset.content_url", "\(text)")
                #expect(origin.connections == 0)
            }
        }
    }

    @Test("a fetch that is longer than bytes_max is cut, and leaves nothing")
    func tooLong() async throws {
        let long = String(repeating: Self.rows, count: 10_000)
        try await Self.withOrigin(Origin.answering(Origin.ok(long))) { origin in
            try await withDatasets(network: Self.network(origin.port, ", bytes_max: 1000")) { server, data in
                let error = await refusal {
                    try await server.create("d", "http://localhost:\(origin.port)/a.jsonl", ["text": .text])
                }
                #expect(error?.code == .upstreamError && error?.message.contains("longer than 1000 bytes") == true)
                let left = try keptCopies(data)
                #expect(left.isEmpty)
            }
        }
    }

    @Test("a start removes copies that belong to no dataset, keeps the others, and finds those that have changed")
    func leftOver() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/datasets-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await Self.withOrigin(Origin.answering(Origin.ok(Self.rows))) { origin in
            let config = "{file_roots: []}", network = Self.network(origin.port)
            let first = try await DatasetServer(state: folder, config: config, network: network)
            try await first.create("d", "http://localhost:\(origin.port)/a.jsonl", ["text": .text])
            await first.stack.shutdown(withinSeconds: 10)
            let kept = try #require(
                FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }.first {
                    $0.contains("content/")
                })
            let content = URL(fileURLWithPath: folder + "/" + kept).deletingLastPathComponent().path
            // As a crash would leave it, between the copy and the register.
            try write("half", content + "/left-over")
            let second = try await DatasetServer(state: folder, config: config, network: network)
            #expect(try FileManager.default.contentsOfDirectory(atPath: content).count == 1)
            #expect(FileManager.default.fileExists(atPath: folder + "/" + kept))
            #expect(try await second.get("d").columns == ["text": .text])
            await second.stack.shutdown(withinSeconds: 10)
            // A byte of the copy changes: then the dataset is not what was registered.
            try write(Self.rows.replacing("a", with: "A"), folder + "/" + kept)
            let third = try await DatasetServer(state: folder, config: config, network: network)
            let damaged = await refusal { _ = try await third.get("d") }
            #expect(damaged?.code == .providerUnavailable && damaged?.message.contains("damaged") == true)
            try await third.delete("d")
            try await third.create("d", "http://localhost:\(origin.port)/a.jsonl", ["text": .text])
            #expect(try await third.get("d").columns == ["text": .text])
            await third.stack.shutdown(withinSeconds: 10)
        }
    }

    @Test("fetching that is on without hosts stops the start, and says where")
    func noHosts() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/datasets-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            _ = try await DatasetServer(
                state: folder, config: "{}", network: "{providers: {files: {enabled: true}}}")
            Issue.record("it started")
        } catch { #expect("\(error)".contains("must name the hosts"), "\(error)") }
    }

    @Test(
        "SHA-256 is FIPS 180-4's, however the bytes come",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000),
                "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
            ),
        ])
    func sha256(_ text: String, _ digest: String) {
        for step in [1, 3, 63, 64, 65, 1000] {
            var hash = SHA256()
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: step) {
                bytes[start..<min(start + step, bytes.count)].withUnsafeBytes { hash.add($0) }
            }
            #expect(hash.hex == digest, "in steps of \(step)")
        }
    }
}
