import ContractBridge
import Foundation
import LlamaStackAPI
import Synchronization
import Testing

@testable import Networking

/// What is sent, beside a plain GET.
@Suite(.timeLimit(.minutes(10)))
struct MethodTests {
    private func withEcho<R>(_ body: (EchoOrigin, TestNetwork) async throws -> R) async throws -> R {
        let origin = try EchoOrigin()
        defer { origin.close() }
        let network = openNetwork(origin.port)
        let result = try await body(origin, network)
        await network.service.close()
        return result
    }

    private func url(_ origin: EchoOrigin, _ path: String = "/", host: String = "a.test") -> String {
        "http://\(host):\(origin.port)\(path)"
    }

    @Test("every method goes out with its headers and its body as they are", arguments: ["POST", "PUT", "DELETE"])
    func methods(_ method: String) async throws {
        try await withEcho { origin, network in
            let answer = try await network.send(
                NetworkParameters(
                    method: method, url: url(origin, "/a"),
                    headers: [["Content-Type", "application/json"], ["X-Empty", ""], ["Authorization", "Bearer x"]]),
                body: Array("{\"a\":\"ä\"}".utf8))
            #expect(answer.text.hasPrefix("\(method) /a HTTP/1.1\r\nHost: a.test:\(origin.port)\r\n"))
            #expect(answer.text.hasSuffix("\r\n\r\n{\"a\":\"ä\"}"))
            for line in ["Content-Type: application/json", "X-Empty:", "Authorization: Bearer x", "Content-Length: 10"]
            {
                #expect(answer.text.contains("\r\n\(line)\r\n"), "\(line)")
            }
            #expect(!answer.text.contains("Expect:") && !answer.text.contains("urlencoded"))
        }
    }

    @Test("a body of 300 kB goes out whole, and an empty one has the length 0")
    func sizes() async throws {
        try await withEcho { origin, network in
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: 300_000)
            let large = try await network.send(NetworkParameters(method: "POST", url: url(origin)), body: body)
            #expect(large.text.hasSuffix(String(decoding: body, as: UTF8.self)))
            let empty = try await network.send(NetworkParameters(method: "POST", url: url(origin)))
            #expect(empty.text.contains("\r\nContent-Length: 0\r\n"))
            let delete = try await network.send(NetworkParameters(method: "DELETE", url: url(origin)))
            #expect(delete.text.hasPrefix("DELETE / HTTP/1.1\r\n") && !delete.text.contains("Content-Length"))
        }
    }

    @Test("what belongs to the connection, or could end a line, is refused before anything is sent")
    func headers() async throws {
        try await withEcho { origin, network in
            for header in [
                ["Host", "b.test"], ["content-length", "1"], ["Transfer-Encoding", "chunked"], ["A\r\nB", "c"],
                ["A", "b\r\nC: d"],
                ["A", "b\nC: d"], ["A", "b\u{0}c"], ["", "a"], ["A B", "c"], ["A:", "b"], ["Proxy-Authorization", "x"],
                ["Connection", "close"], ["Expect", "100-continue"],
            ] {
                let error = await #expect(throws: CallError.self) {
                    try await network.send(NetworkParameters(method: "GET", url: url(origin), headers: [header]))
                }
                #expect(error?.code == .invalidRequest && error?.field == "headers", "\(header)")
            }
            let many = [[String]](repeating: ["A", "b"], count: 101)
            await #expect(throws: CallError.self) {
                try await network.send(NetworkParameters(method: "GET", url: url(origin), headers: many))
            }
            await #expect(throws: CallError.self) {
                try await network.send(NetworkParameters(method: "GET", url: url(origin)), body: [1])
            }
            await #expect(throws: CallError.self) {
                try await network.send(NetworkParameters(method: "PATCH", url: url(origin)))
            }
            #expect(origin.connections.made == 0)
        }
    }

    @Test("a redirect makes a POST a GET or keeps it, and another host is told no secrets")
    func redirects() async throws {
        try await withEcho { origin, network in
            func send(_ path: String) async throws -> String {
                try await network.send(
                    NetworkParameters(
                        method: "POST", url: url(origin, path), headers: [["Authorization", "Bearer x"]]),
                    body: Array("secret".utf8)
                ).text
            }
            let see = try await send("/303?to=/end")
            #expect(see.hasPrefix("GET /end ") && see.contains("Bearer x") && !see.contains("secret"))
            let same = try await send("/307?to=/end")
            #expect(same.hasPrefix("POST /end ") && same.hasSuffix("secret") && same.contains("Bearer x"))
            let elsewhere = try await send("/303?to=http://b.test:\(origin.port)/end")
            #expect(elsewhere.hasPrefix("GET /end ") && !elsewhere.contains("Bearer x"))
            let error = await #expect(throws: CallError.self) {
                _ = try await send("/307?to=http://b.test:\(origin.port)/end")
            }
            #expect(error?.code == .upstreamError)
        }
    }

    @Test("with redirects_max 0 a redirect is the answer")
    func noRedirects() async throws {
        try await withEcho { origin, network in
            let answer = try await network.send(
                NetworkParameters(method: "GET", url: url(origin, "/303?to=/end"), redirectsMax: 0))
            #expect(answer.head.status == 303 && answer.values(of: "location") == ["/end"])
            #expect(origin.requests.count == 1)
        }
    }

    @Test("an origin that the operator names is asked whatever its address; its redirects are held to the rules")
    func allowed() async throws {
        let origin = try EchoOrigin()
        defer { origin.close() }
        var settings = NetworkSettings()
        settings.allow = [try #require(NetworkOrigin("http://127.0.0.1:\(origin.port)"))]
        let network = TestNetwork(settings)
        let answer = try await network.send(NetworkParameters(method: "GET", url: url(origin, "/a", host: "127.0.0.1")))
        #expect(answer.text.hasPrefix("GET /a "))
        for place in ["http://127.0.0.2:\(origin.port)/", "http://127.0.0.1:1/", "https://127.0.0.1:\(origin.port)/"] {
            let error = await #expect(throws: CallError.self) {
                try await network.send(
                    NetworkParameters(method: "GET", url: url(origin, "/303?to=\(place)", host: "127.0.0.1")))
            }
            #expect(error?.code == .urlNotAllowed)
        }
        #expect(origin.requests.count == 4)
        await network.service.close()
    }

    @Test("a server of the provider's own config is asked, its redirects are not followed, and none leads to it")
    func endpoint() async throws {
        let origin = try EchoOrigin()
        defer { origin.close() }
        let other = try EchoOrigin()
        defer { other.close() }
        var settings = NetworkSettings()
        settings.allow = [try #require(NetworkOrigin("http://127.0.0.1:\(other.port)"))]
        let network = TestNetwork(settings, endpoints: ["http://127.0.0.1:\(origin.port)/v1"])
        func send(_ origin: EchoOrigin, _ path: String) async throws -> TestNetwork.Content {
            try await network.send(NetworkParameters(method: "GET", url: url(origin, path, host: "127.0.0.1")))
        }
        #expect(try await send(origin, "/any").head.status == 200)
        #expect(try await send(origin, "/303?to=/end").head.status == 303)
        let error = await #expect(throws: CallError.self) {
            _ = try await send(other, "/303?to=http://127.0.0.1:\(origin.port)/")
        }
        #expect(error?.code == .urlNotAllowed)
        let stranger = network.service.access(for: "memory_banks/other")
        await #expect(throws: CallError.self) {
            _ = try await network.service.request(
                NetworkParameters(method: "GET", url: url(origin, host: "127.0.0.1")), stranger)
        }
        #expect(origin.requests.count == 2)
        await network.service.close()
    }

    @Test("a proxy is asked for public hosts alone, and finds their addresses itself")
    func proxy() async throws {
        let proxy = try EchoOrigin()
        defer { proxy.close() }
        var settings = NetworkSettings()
        var rules = NetworkSettings.Provider()
        (rules.isEnabled, rules.hosts, rules.httpHosts) = (true, ["*"], ["*"])
        settings.providers["memory_banks/test"] = rules
        settings.proxy = "http://127.0.0.1:\(proxy.port)"
        let resolver = ScriptedResolver { _, _ in ["127.0.0.1"] }
        let network = TestNetwork(settings, resolver: resolver)
        let answer = try await network.send(NetworkParameters(method: "GET", url: "http://data.test/a"))
        #expect(answer.text.hasPrefix("GET http://data.test/a HTTP/1.1\r\nHost: data.test\r\n"))
        #expect(resolver.count(of: "data.test") == 0)
        for url in ["http://10.0.0.1/", "http://localhost/", "http://169.254.169.254/", "http://data.test:22/"] {
            let error = await #expect(throws: CallError.self) {
                try await network.send(NetworkParameters(method: "GET", url: url))
            }
            #expect(error?.code == .urlNotAllowed, "\(url)")
        }
        #expect(proxy.requests.count == 1)
        await network.service.close()
    }

    @Test("each request leaves one line in the log, without its query")
    func audit() async throws {
        let lines = Mutex<[LogLine]>([])
        let origin = try EchoOrigin()
        defer { origin.close() }
        let network = openNetwork(origin.port, log: LogSink { line in lines.withLock { $0.append(line) } })
        _ = try await network.send(NetworkParameters(method: "GET", url: url(origin, "/a?key=secret")))
        await #expect(throws: CallError.self) {
            try await network.send(NetworkParameters(method: "GET", url: "http://a.test:1/b?key=secret"))
        }
        let seen = lines.withLock { $0 }
        #expect(seen.count == 2 && seen.allSatisfy { $0.source == "memory_banks/test" })
        #expect(seen.first?.fields["url"] == url(origin, "/a") && seen.first?.fields["status"] == "200")
        #expect(seen.last?.fields["error"] == "url_not_allowed")
        #expect(!"\(seen)".contains("secret"))
        await network.service.close()
    }
}
