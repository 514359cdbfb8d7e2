import Foundation
import LlamaStackAPI
import ProviderConformance
import RawHTTP
import Testing

/// What is larger than its limit: each is refused at the limit, by its own status.
struct LimitTests {
    private static func fields(_ count: Int) -> String { (0..<count).map { "X-F\($0): v\r\n" }.joined() }

    @Test("a header over its limits is 431, and one within them is served")
    func headers() async throws {
        try await withFront { front in
            try await raw {
                // Host is a field too.
                let refused = [
                    "X-Long: \(String(repeating: "a", count: 8 * 1024 + 1))\r\n",
                    "\(String(repeating: "N", count: 9000)): v\r\n",
                    Self.fields(101), Self.fields(20_000),
                    (0..<40).map { "X-\($0): \(String(repeating: "b", count: 500))\r\n" }.joined(),
                ]
                for headers in refused {
                    let connection = try front.connect()
                    connection.send("GET", "/health/live", headers: headers)
                    let reply = try connection.reply()
                    #expect(reply.status == 431, "\(headers.prefix(30)) → \(reply.text)")
                    #expect(reply.code == "headers_too_large")
                    #expect(reply["Connection"] == "close")
                    #expect(connection.isClosed())
                }
                let connection = try front.connect()
                for headers in [Self.fields(95), "X-Long: \(String(repeating: "a", count: 8000))\r\n"] {
                    #expect(try connection.ask("GET", "/health/live", headers: headers).status == 200)
                }
            }
        }
    }

    @Test(
        "a header without an end is cut at its limit",
        arguments: ["GET /", "GET / HTTP/1.1\r\nX-A: ", "GET / HTTP/1.1\r\nX"])
    func endless(start: String) async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                connection.raw.send(start)
                let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 4000)
                var sent = 0
                var answer: [UInt8]? = []
                // The server gets no more than this of a header, and may answer late.
                while sent < 100_000, answer == [], connection.raw.send(piece) {
                    sent += piece.count
                    answer = connection.raw.read(seconds: sent < 20_000 ? 0 : 0.2)
                }
                if answer == [] { answer = connection.raw.read(seconds: 60) }
                let text = String(decoding: answer ?? [], as: UTF8.self)
                #expect(text.hasPrefix("HTTP/1.1 431 "), "after \(sent) bytes of a header: \(text)")
            }
            #expect(try await front.ask("GET", "/health/live").status == 200)
        }
    }

    @Test(
        "a request target over its limit is 414, and one that is longer than a whole head may be 431",
        arguments: [8 * 1024, 8 * 1024 + 1, 15_000, 20_000])
    func uri(bytes: Int) async throws {
        try await withFront { front in
            let start = "/memory_banks/get?x="
            let reply = try await front.ask("GET", start + String(repeating: "a", count: bytes - start.utf8.count))
            #expect(reply.status == (bytes <= 8 * 1024 ? 422 : bytes < 16 * 1024 ? 414 : 431))
            #expect(reply.errorFormProblem == nil)
        }
    }

    @Test("a body over its limit is 413, whether its length is said or not", arguments: [true, false])
    func body(saysLength: Bool) async throws {
        try await withFront { front in
            try await raw {
                let limit = 2 * 1024 * 1024
                let rest = Chat.body("").utf8.count
                // As large as may be, of many strings: one has its own limit.
                let connection = try front.connect()
                let filling = String(repeating: " ", count: limit - rest)
                #expect(try connection.ask("POST", Chat.path, Chat.body("") + filling).status == 200)
                let head =
                    "POST \(Chat.path) HTTP/1.1\r\nHost: 127.0.0.1:\(front.port)\r\nContent-Type: application/json\r\n"
                if saysLength {
                    connection.raw.send(head + "Content-Length: \(limit + 1)\r\n\r\n")
                } else {
                    connection.raw.send(head + "Transfer-Encoding: chunked\r\n\r\n")
                    let chunk = "10000\r\n" + String(repeating: " ", count: 65536) + "\r\n"
                    for _ in 0..<33 { connection.raw.send(chunk) }
                }
                let reply = try connection.reply()
                #expect(reply.status == 413)
                #expect(reply.code == "body_too_large")
                #expect(reply.message.contains("\(limit)"))
                #expect(reply.message.contains("server.limits.body_bytes_max"))
                #expect(connection.isClosed())
            }
        }
    }

    @Test("a distribution's own limit holds for every route")
    func ownLimit() async throws {
        try await withFront {
            $0.limits.bodyBytesMax = 2000
        } _: { front in
            for endpoint in Endpoints.all where endpoint.body != nil {
                let query =
                    Samples.sample(of: endpoint.query).objectValue?.members.map { ($0.key, $0.value.stringValue ?? "") }
                    ?? []
                let reply = try await front.ask(
                    "POST", target(endpoint.route.path, query), String(repeating: " ", count: 2001))
                #expect(reply.status == 413, "\(endpoint.id)")
            }
        }
    }

    @Test("documents have a larger limit than requests")
    func documents() async throws {
        try await withFront { front in
            let documents = (0..<4).map {
                JSON.object([
                    "uuid": .string("d\($0)"), "content": .string(String(repeating: "QUJD", count: 200_000)),
                    "metadata": [:], "mime_type": "text/plain",
                ])
            }
            let reply = try await front.ask("POST", "/memory_bank/insert?bank_uuid=b", JSON.array(documents).text)
            #expect(reply.status == 200, "\(reply.text.prefix(300))")
        }
    }

    @Test("a distribution's own limit lifts that of documents, and no string is too long for it")
    func raised() async throws {
        try await withFront {
            $0.limits.bodyBytesMax = 100 << 20
        } _: { front in
            let document: JSON = [
                "uuid": "d", "content": .string(String(repeating: "QUJD", count: 4 << 20)), "metadata": [:],
                "mime_type": "text/plain",
            ]
            // Beyond the 96 MiB that a route of documents takes by itself.
            let filling = String(repeating: " ", count: 81 << 20)
            let reply = try await front.ask(
                "POST", "/memory_bank/insert?bank_uuid=b", "[" + document.text + filling + "]")
            #expect(reply.status == 200, "\(reply.text.prefix(300))")
        }
    }

    @Test("a compressed body is 415", arguments: ["gzip", "deflate", "br", "identity, gzip"])
    func compressed(coding: String) async throws {
        let reply = try await withFront {
            try await $0.ask("POST", Chat.path, Chat.body("x"), headers: "Content-Encoding: \(coding)\r\n")
        }
        expect(reply, 415, coding)
    }

    @Test("all bodies together have a limit, and give back what they took")
    func bodies() async throws {
        try await withFront {
            $0.limits.bodiesBytesMax = 100_000
        } _: { front in
            try await raw {
                let padding = String(repeating: " ", count: 60_000)
                let other = try front.connect()
                do {
                    let held = try front.connect()
                    held.send("POST", Chat.path, Chat.body(#"{"name": "body held", "hangs": true}"#) + padding)
                    _ = try other.ask("POST", Chat.path, Chat.body(#"{"tell": "body held", "until": "started"}"#))
                    let refused = try front.connect().ask("POST", Chat.path, Chat.body("") + padding)
                    #expect(refused.status == 429)
                    #expect(refused.code == "queue_full")
                    #expect(refused["Retry-After"] == "1")
                }
                // Its client has left: what it took comes back.
                _ = try other.ask("POST", Chat.path, Chat.body(#"{"tell": "body held", "until": "cancelled"}"#))
                var status = 0
                let end = ContinuousClock.now + .seconds(60)
                while status != 200, ContinuousClock.now < end {
                    status = try front.connect().ask("POST", Chat.path, Chat.body("") + padding).status
                }
                #expect(status == 200)
            }
        }
    }

    @Test("connections over the limit wait until one ends")
    func connections() async throws {
        try await withFront {
            $0.limits.connectionsMax = 2
        } _: { front in
            try await raw {
                var held = [try front.connect(), try front.connect()]
                for connection in held { #expect(try connection.ask("GET", "/health/live").status == 200) }
                let third = try front.connect()
                third.send("GET", "/health/live")
                #expect(third.raw.read(seconds: 0.1) == [])
                held.removeLast()
                #expect(try third.reply().status == 200)
                #expect(try held[0].ask("GET", "/health/live").status == 200)
            }
        }
    }
}
