import BankFixtures
import FakeOrigin
import Foundation
import Host
import ProviderKit
import Synchronization
import Testing
import Torture

/// Documents of the type text/uri-list: what they are found by is fetched.
@Suite(.timeLimit(.minutes(10)))
struct FetchedDocumentTests {
    private static func network(_ port: Int) -> String {
        "{providers: {files: {enabled: true, hosts: [localhost], http_hosts: [localhost], ports: [\(port)], "
            + "allow_private: [127.0.0.0/8, \"::1/128\"]}}}"
    }

    private func found(_ server: BankServer, _ words: String) async throws -> [String] {
        try await server.query(MemoryBankQueryRequest(bankUUIDs: ["b"], query: .text(words))).chunks.map(\.text)
    }

    private func document(_ id: String, _ url: String) -> MemoryBankDocument { text(id, url, "text/uri-list") }

    @Test("a document that is a URL is kept as it is, and found by what the URL leads to", arguments: BankKind.allCases)
    func fetched(_ kind: BankKind) async throws {
        let page = "<html><body><h1>Tariffs</h1><p>Pelicans pay half.</p></body></html>"
        try await Origin.run(Origin.answering(Origin.ok(page, type: "text/html; charset=utf-8"))) { origin in
            try await kind.withServer(network: Self.network(origin.port)) { server, _ in
                let url = "# where it is\r\nhttp://localhost:\(origin.port)/tariffs\r\n"
                try await server.create("b", [document("d", url)])
                _ = try await server.indexed("b")
                #expect(try await server.get(["d"], "b").texts == [url])
                #expect(try await found(server, "pelicans").first?.contains("Pelicans pay half.") == true)
                #expect(try await found(server, "localhost").isEmpty)
                #expect(try await server.status("b").indexed == 1)
            }
        }
    }

    @Test("what fails is tried again; an update fetches anew", arguments: BankKind.allCases)
    func retried(_ kind: BankKind) async throws {
        let count = Atomic(0)
        let script: Origin.Script = { _, connection in
            let time = count.add(1, ordering: .relaxed).newValue
            connection.send(
                time == 1 ? "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n" : Origin.ok("walrus \(time)"), thenClose: true
            )
        }
        try await Origin.run(script) { origin in
            try await kind.withServer(network: Self.network(origin.port)) { server, _ in
                let url = "http://localhost:\(origin.port)/a"
                try await server.create("b", [document("d", url)])
                #expect(try await server.status("b").pending == 1)
                _ = try await server.indexed("b")
                #expect(try await found(server, "walrus") == ["walrus 2"])
                try await server.update([document("d", url)], "b")
                _ = try await server.indexed("b")
                #expect(try await found(server, "walrus") == ["walrus 3"])
            }
        }
    }

    @Test("what is no text is kept, and not found", arguments: BankKind.allCases)
    func noText(_ kind: BankKind) async throws {
        try await Origin.run(Origin.answering(Origin.ok("walrus", type: "image/png"))) { origin in
            try await kind.withServer(network: Self.network(origin.port)) { server, _ in
                try await server.create("b", [document("d", "http://localhost:\(origin.port)/a")])
                _ = try await server.indexed("b")
                #expect(try await server.status("b").notIndexed == 1)
                let told = try await server.status("b", documents: "d").documentStatus
                #expect(told?.map(\.state) == [.unsupportedType])
            }
        }
    }

    @Test(
        "a URL that is not allowed is 400 with its place, nothing is kept, and no connection is made",
        arguments: BankKind.allCases,
        [
            "http://127.0.0.2:PORT/", "http://2130706433:PORT/", "http://0x7f.1:PORT/", "http://ok@localhost:PORT/",
            "http://[::ffff:7f00:1]:PORT/", "http://169.254.169.254/", "https://other.test/", "http://localhost:22/",
            "http://localhost:PORT/#a", "file:///etc/passwd", "http://localhost:PORT/\nhttp://localhost:PORT/", "",
        ])
    func notAllowed(_ kind: BankKind, _ url: String) async throws {
        try await Origin.run(Origin.answering(Origin.ok("secret"))) { origin in
            try await kind.withServer(network: Self.network(origin.port)) { server, _ in
                try await server.create("b", [])
                let bad = document("d", url.replacing("PORT", with: "\(origin.port)"))
                let error = await refusal { try await server.insert([text("ok", "fine"), bad], "b") }
                #expect(error?.code == .urlNotAllowed && error?.field == "[1].content", "\(error?.message ?? "none")")
                #expect(try await server.status("b").documents == 0)
                #expect(origin.connections == 0)
            }
        }
    }

    @Test("with fetching off, which it is by default, a URL is a text like any other", arguments: BankKind.allCases)
    func off(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("b", [document("d", "http://localhost:1/walrus")])
            _ = try await server.indexed("b")
            #expect(try await found(server, "walrus") == ["http://localhost:1/walrus"])
        }
    }
}
