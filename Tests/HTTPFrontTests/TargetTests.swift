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

                let kept = try front.connect()
                for _ in 0..<2 {
                    kept.raw.send("GET /health/live HTTP/1.0\r\n\(host)Connection: keep-alive\r\n\r\n")
                    #expect(try kept.reply().status == 200)
                }
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
}
