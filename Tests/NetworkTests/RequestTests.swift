import FakeOrigin
import Foundation
import LlamaStackAPI
import Testing

@testable import Networking

/// What is fetched, and how it is asked for.
@Suite(.timeLimit(.minutes(10)))
struct RequestTests {
    @Test("content comes as it is, with its length and media type")
    func content() async throws {
        try await Origin.run(Origin.answering(Origin.ok("ab\r\nc", type: "Text/CSV; charset=utf-8"))) { origin in
            let fetched = try await openNetwork(origin.port).get("http://origin.test:\(origin.port)/a/b.csv?x=1&y=%20")
            #expect(fetched.text == "ab\r\nc")
            #expect(fetched.head.status == 200 && fetched.values(of: "content-type") == ["Text/CSV; charset=utf-8"])
            let request = try #require(origin.requests.first)
            #expect(request.hasPrefix("GET /a/b.csv?x=1&y=%20 HTTP/1.1\r\n"))
            for header in ["cookie", "authorization", "referer", "proxy"] {
                #expect(!request.lowercased().contains("\r\n\(header)"))
            }
        }
    }

    @Test("proxies of the environment are not asked")
    func proxies() async throws {
        for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY"] { setenv(name, "http://127.0.0.1:9", 1) }
        defer { for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY"] { unsetenv(name) } }
        try await Origin.run(Origin.answering(Origin.ok("direct"))) { origin in
            let fetched = try await openNetwork(origin.port).get("http://origin.test:\(origin.port)/")
            #expect(fetched.text == "direct")
        }
    }

    @Test("redirects are followed, relative ones too, and cookies stay behind")
    func redirects() async throws {
        let script: Origin.Script = { request, connection in
            let path = request.split(separator: " ")[1]
            let places = ["/a/b": "c?x=1", "/a/c?x=1": "/d", "/d": "?y"]
            let place = places[String(path)].map { Origin.redirect(302, to: $0) }
            connection.send(
                place?.replacing("\r\n\r\n", with: "\r\nSet-Cookie: a=b\r\n\r\n") ?? Origin.ok("end"), thenClose: true)
        }
        try await Origin.run(script) { origin in
            let fetched = try await openNetwork(origin.port).get("http://origin.test:\(origin.port)/a/b")
            #expect(fetched.text == "end" && fetched.head.url.hasSuffix("/d?y"))
            #expect(!origin.requests.joined().lowercased().contains("cookie"))
        }
    }

    @Test("TLS names the host, though the connection goes to an address; only the configured root is trusted")
    func tls() async throws {
        try await Origin.run(tls: true, Origin.answering(Origin.ok("safe"))) { origin in
            let trusting: (inout NetworkSettings.Provider) -> Void = { $0.caFile = Origin.fixtures + "/tls/ca.pem" }
            let url = "https://origin.test:\(origin.port)/"
            let safe = try await openNetwork(origin.port, trusting).get(url)
            #expect(safe.text == "safe")
            let unknownRoot = await openNetwork(origin.port).refusal(url)
            #expect(unknownRoot?.code == .upstreamError && unknownRoot?.message.contains("certificate") == true)
            let otherName = await openNetwork(origin.port, trusting).refusal("https://other.test:\(origin.port)/")
            #expect(otherName?.code == .upstreamError && otherName?.message.contains("certificate") == true)
            #expect(origin.requests.count == 1)
        }
    }

    @Test("from https no redirect leads to http")
    func downgrade() async throws {
        try await Origin.run(Origin.answering(Origin.ok("secret"))) { plain in
            let place = Origin.redirect(302, to: "http://origin.test:\(plain.port)/")
            try await Origin.run(tls: true, Origin.answering(place)) { origin in
                let network = openNetwork(origin.port) { configuration in
                    configuration.caFile = Origin.fixtures + "/tls/ca.pem"
                    configuration.ports.append(plain.port)
                }
                let error = await network.refusal("https://origin.test:\(origin.port)/")
                #expect(error?.code == .urlNotAllowed && error?.message.contains("https to http") == true)
                #expect(plain.connections == 0)
            }
        }
    }

    @Test("when the first address does not answer, the next one is tried; all of them were checked")
    func nextAddress() async throws {
        try await Origin.run(Origin.answering(Origin.ok("second"))) { origin in
            let resolver = ScriptedResolver { _, _ in ["127.0.0.9", "127.0.0.1"] }
            let fetched = try await openNetwork(origin.port, resolver: resolver).get("http://two.test:\(origin.port)/")
            #expect(fetched.text == "second")
        }
    }

    @Test("a name that is not known, and a port without a listener, are the other side's errors")
    func unreachable() async throws {
        let unknown = await openNetwork(80, resolver: ScriptedResolver { _, _ in [] }).refusal("http://no.test/")
        #expect(unknown?.code == .upstreamError && unknown?.message.contains("not known") == true)
        let closed = await openNetwork(9).refusal("http://a.test:9/")
        #expect(closed?.code == .upstreamError && closed?.message.contains("Connection refused") == true)
    }

    @Test("the system's names are found, and one that does not exist is not")
    func system() async throws {
        let found = try await SystemResolver().addresses(of: "localhost")
        #expect(found.contains { "\($0)" == "127.0.0.1" || "\($0)" == "::1" })
        #expect(try await SystemResolver().addresses(of: "no-such-name.invalid").isEmpty)
    }

    @Test("off by default: without rules, origins or endpoints nothing is asked")
    func off() async throws {
        try await Origin.run(Origin.answering(Origin.ok("secret"))) { origin in
            let error = await TestNetwork(NetworkSettings()).refusal("http://origin.test:\(origin.port)/")
            #expect(error?.code == .urlNotAllowed && error?.message.contains("enabled") == true)
            #expect(origin.connections == 0)
        }
    }
}
