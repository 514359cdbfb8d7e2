import Foundation
import RawHTTP
import Testing

/// Request targets: queries, absolute forms, and what HTTP/1.0 makes of a connection.
struct TargetTests {
    /// Sends exactly this, PORT replaced, and reads until the server closes or a second is over.
    private func answer(_ text: String, _ front: FrontServer) async throws -> Reply {
        try await raw {
            let connection = try front.connect()
            connection.raw.send(text.replacingOccurrences(of: "PORT", with: "\(front.port)"))
            return try connection.reply()
        }
    }

    @Test(
        "a query is decoded, its names too",
        arguments: [
            ("dataset_id=a+b%2Bc", "a b+c"), ("dataset%5Fid=a", "a"), ("&&dataset_id=a&", "a"),
            ("dataset_id=a=b", "a=b"),
            ("dataset_id=%e2%82%ac", "€"), ("dataset_id=a;b", "a;b"), ("dataset_id=a?b/c", "a?b/c"),
            ("dataset_%75uid=u", "u"),
        ])
    func decoded(query: String, id: String) async throws {
        try await withFront { front in
            let reply = try await front.ask("GET", "/datasets/get?\(query)", headers: "X-Request-Id: q\r\n")
            #expect(reply.status == 200, "\(reply.text)")
            #expect(front.received["q"]?.query == ["dataset_id": .string(id)])
        }
    }

    @Test(
        "a query that is not percent-encoded UTF-8 is 400",
        arguments: ["%", "%1", "%zz", "%ff", "%c0%80", "%ed%a0%80", "a%"])
    func malformed(value: String) async throws {
        try await withFront { front in
            for query in ["dataset_id=\(value)", "\(value)=1"] {
                expect(try await front.ask("GET", "/datasets/get?\(query)"), 400, query)
            }
            #expect(front.received.count == 0)
        }
    }

    @Test("a long parameter comes back shortened")
    func longParameter() async throws {
        let reply = try await withFront {
            try await $0.ask("GET", "/datasets/get?\(String(repeating: "k", count: 8000))=1")
        }
        #expect(reply.status == 422)
        #expect(reply.body.count < 1000)
    }

    @Test("a target may name the host itself, and must name ours")
    func absolute() async throws {
        try await withFront { front in
            let rest = "/health/live HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"
            #expect(try await answer("GET http://127.0.0.1:PORT\(rest)", front).status == 200)
            #expect(try await answer("GET http://localhost:PORT\(rest)", front).status == 200)
            for host in ["evil.test", "127.0.0.1", "evil.test:PORT"] {
                expect(try await answer("GET http://\(host)\(rest)", front), 403, host)
            }
        }
    }

    @Test("HTTP/1.0 ends with its answer unless it asks otherwise, and has no chunked bodies")
    func oldVersion() async throws {
        try await withFront { front in
            try await raw {
                let host = "Host: 127.0.0.1:\(front.port)\r\n"
                let once = try front.connect()
                once.raw.send("GET /health/live HTTP/1.0\r\n\(host)\r\n")
                #expect(try once.reply()["Connection"] == "close")
                #expect(once.isClosed())

                // As HAProxy asks whether a server is well: which host it asks, it need not say.
                let hostless = try front.connect()
                hostless.raw.send("GET /health/live HTTP/1.0\r\n\r\n")
                #expect(try hostless.reply().status == 200)
                let nameless = try front.connect()
                nameless.raw.send("GET /health/live HTTP/1.1\r\n\r\n")
                expect(try nameless.reply(), 400, "HTTP/1.1 without a host")

                let kept = try front.connect()
                for value in ["keep-alive", "Keep-Alive", "TE, keep-alive"] {
                    for path in ["/health/live", "/nowhere"] {
                        kept.raw.send("GET \(path) HTTP/1.0\r\n\(host)Connection: \(value)\r\n\r\n")
                        let reply = try kept.reply()
                        #expect(reply.status == (path == "/nowhere" ? 404 : 200))
                        #expect(reply.version == "HTTP/1.0")
                        // Its client would wait for the end of the connection otherwise.
                        #expect(reply["Connection"] == "keep-alive")
                    }
                }
                // The other version, on the same connection.
                #expect(try kept.ask("GET", "/health/live").version == "HTTP/1.1")
                let chunked = try front.connect()
                chunked.raw.send(
                    "POST \(Chat.path) HTTP/1.0\r\n\(host)Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "0\r\n\r\nGET /memory_banks/get HTTP/1.1\r\n\(host)\r\n")
                expect(try chunked.reply(), 400, "chunked")
                #expect(chunked.isClosed())
            }
            #expect(front.received.count == 0)
        }
    }

    @Test(
        "an answer without a length ends by closing for HTTP/1.0, whatever the client asks",
        arguments: ["", "Connection: keep-alive\r\n"])
    func oldStream(header: String) async throws {
        try await withFront { front in
            let bodies = [Chat.body("hi", stream: true), Chat.body(#"{"bytes": 3000000}"#)]
            for (index, body) in bodies.enumerated() {
                let current = try await front.ask("POST", Chat.path, body)
                try await raw {
                    let connection = try front.connect()
                    connection.raw.send(
                        "POST \(Chat.path) HTTP/1.0\r\nHost: 127.0.0.1:\(front.port)\r\n"
                            + "Content-Type: application/json\r\n"
                            + "Content-Length: \(body.utf8.count)\r\n\(header)\r\n\(body)")
                    let reply = try connection.reply()
                    #expect(reply.status == 200)
                    if index == 0 {
                        #expect(reply["Connection"] == "close")
                        #expect(reply["Transfer-Encoding"] == nil)
                    }
                    #expect(reply.body == current.body)
                }
            }
        }
    }

    @Test("HTTP/1.0 gets no interim answer")
    func oldInterim() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let body = Chat.body("hi")
                connection.raw.send(
                    "POST \(Chat.path) HTTP/1.0\r\nHost: 127.0.0.1:\(front.port)\r\nExpect: 100-continue\r\n"
                        + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
                Thread.sleep(forTimeInterval: 0.2)
                connection.raw.send(body)
                #expect(try connection.head().status == 200)
            }
        }
    }

    @Test(
        "a path has one spelling: letters may be encoded, and dot segments count for nothing",
        arguments: [
            "/health/%6cive", "/health/%6Cive", "/%68%65%61%6c%74%68/live", "/health/./live", "/./health/live",
            "/health/x/../live", "/../health/live", "/health/%2e/live", "/%2E%2e/health/live", "//health//live",
            "/health/live/.", "/health/live/x/..", "http://127.0.0.1:PORT/health/%6cive",
            "HTTP://LOCALHOST:PORT/health/live", "/health/live?%zz",
        ])
    func spelling(target: String) async throws {
        try await withFront { front in
            let rest = " HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"
            let reply = try await answer("GET \(target)\(rest)", front)
            #expect(reply.status == 200)
        }
    }

    @Test(
        "what an encoding stands for is not read twice, and a reserved character stays encoded",
        arguments: [
            "/health%2flive", "/health%2Flive", "/health/%256cive", "/health/liv%", "/health/liv%6", "/health/liv%zz",
            "/health/live%00", "/health/live%20", "/health/live%3f", "/health/..live", "/health/%c3%a9",
            "/health/liv%+5",
        ])
    func notServed(target: String) async throws {
        try await withFront { front in expect(try await front.ask("GET", target), 404, target) }
    }
}
