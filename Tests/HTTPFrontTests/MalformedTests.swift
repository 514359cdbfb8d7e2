import Foundation
import RawHTTP
import Testing

/// Bytes that are no request, or two at once: RFC 9110 and 9112, and what smuggles requests past a proxy.
struct MalformedTests {
    /// After the head is a whole request in each: were it served, the canary's id would be seen.
    private static let canary = "GET /memory_banks/get HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-Request-Id: canary\r\n\r\n"

    private static func post(_ form: ChatForm) -> String {
        "POST \(form.path) HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: application/json\r\n"
    }

    static let smuggling: [(String, String)] = [
        ("both lengths", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("both lengths, the other way round", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        ("two different lengths", "Content-Length: 0\r\nContent-Length: 44\r\n\r\n"),
        ("two lengths in one", "Content-Length: 0, 44\r\n\r\n"),
        ("a signed length", "Content-Length: +0\r\n\r\n"),
        ("a negative length", "Content-Length: -1\r\n\r\n"),
        ("a length in hexadecimal", "Content-Length: 0x0\r\n\r\n"),
        ("an endless length", "Content-Length: 99999999999999999999999\r\n\r\n"),
        ("an unknown coding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("chunked that is not last", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("two chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("a chunk size that is no number", "Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n"),
        ("a chunk size of 17 digits", "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n\r\n"),
        ("a chunk that is longer than its size", "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"),
        ("space before the colon", "Content-Length : 0\r\n\r\n"),
        ("a NUL in a value", "X-A: a\u{0}b\r\nContent-Length: 0\r\n\r\n"),
        ("a NUL in a name", "X-\u{0}A: b\r\nContent-Length: 0\r\n\r\n"),
        ("a name with a space", "X A: b\r\nContent-Length: 0\r\n\r\n"),
        ("an empty name", ": b\r\nContent-Length: 0\r\n\r\n"),
        ("a line that is no header", "nonsense\r\nContent-Length: 0\r\n\r\n"),
        ("a CR inside", "X-A: a\rb\r\nContent-Length: 0\r\n\r\n"),
    ]

    @Test(
        "what could be two requests is refused, and the second one never served", arguments: smuggling.map(\.0),
        ChatForm.allCases)
    func smuggled(name: String, form: ChatForm) async throws {
        let head = try #require(Self.smuggling.first { $0.0 == name }).1
        try await withFront { front in
            let text = (Self.post(form) + head + Self.canary).replacingOccurrences(of: "PORT", with: String(front.port))
            let (answer, closed) = try await raw {
                let connection = try front.connect()
                connection.raw.send(text)
                return connection.raw.readAll()
            }
            #expect(closed)
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            #expect(answer.contains(#"{"detail":{"code":""#) || answer.contains(#"{"error":{"message":""#))
            #expect(front.received["canary"] == nil)
            #expect(!answer.contains("canary"))
        }
    }

    @Test(
        "bytes that are no HTTP are answered with 400 and the connection's end",
        arguments: [
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}", "hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            "GET /health/live HTTP/1.1 extra\r\n\r\n",
            "BREW /health/live HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ])
    func noHTTP(text: String) async throws {
        try await withFront { front in
            let (answer, closed) = try await raw {
                let connection = try front.connect()
                connection.raw.send(text)
                connection.raw.shutdownWriting()
                return connection.raw.readAll()
            }
            #expect(closed)
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            #expect(answer.contains(#""code":"bad_request""#))
        }
    }

    @Test("requests sent without waiting are answered in their order, each with its own id")
    func pipelined() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                var text = ""
                for number in 0..<20 {
                    // The earlier, the slower.
                    let script = #"{"name": "p", "events": 2, "delay_milliseconds": \#(20 - number)}"#
                    text += connection.request(
                        "POST", Chat.path, Chat.body(script, stream: number % 3 == 0),
                        headers: "X-Request-Id: p\(number)\r\n")
                }
                connection.raw.send(text)
                for number in 0..<20 {
                    let reply = try connection.reply()
                    #expect(reply.status == 200)
                    #expect(reply["X-Request-Id"] == "p\(number)")
                }
            }
        }
    }

    @Test("garbage behind a request does not cost it its answer")
    func trailingGarbage() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let script = #"{"events": 2, "delay_milliseconds": 50}"#
                connection.raw.send(connection.request("POST", Chat.path, Chat.body(script)) + "\u{1}garbage\r\n\r\n")
                #expect(try connection.reply().status == 200)
                expect(try connection.reply(), 400, "the garbage")
                #expect(connection.isClosed())
            }
        }
    }

    @Test("a client that asks first is told to go on, and is answered once")
    func expectContinue() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let body = Chat.body("hello")
                connection.raw.send(
                    "POST \(Chat.path) HTTP/1.1\r\nHost: 127.0.0.1:\(front.port)\r\nContent-Type: application/json\r\n"
                        + "Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n\r\n")
                #expect(try connection.head().status == 100)
                connection.raw.send(body)
                #expect(try connection.head().status == 200)
            }
        }
    }

    @Test("an answer that did not wait for the body closes, and is read in spite of the body")
    func earlyAnswer() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                connection.raw.send(
                    "POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1:\(front.port)\r\nContent-Length: 3000000\r\n\r\n")
                let reply = try connection.head()
                #expect(reply.status == 404)
                #expect(reply["Connection"] == "close")
                for _ in 0..<30 where !connection.raw.send([UInt8](repeating: 0, count: 100_000)) { break }
            }
            #expect(try await front.ask("GET", "/health/live").status == 200)
        }
    }

    @Test("a body in many chunks with extensions is read")
    func chunkedBody() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let chunks = Chat.body("hello").utf8.map { "1;a=b\r\n\(UnicodeScalar($0))\r\n" }.joined()
                connection.raw.send(
                    "POST \(Chat.path) HTTP/1.1\r\nHost: 127.0.0.1:\(front.port)\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n\(chunks)0\r\nX-Trailer: x\r\n\r\n")
                #expect(try connection.reply().json["content"] == "hello")
                #expect(try connection.ask("GET", "/health/live").status == 200)
            }
        }
    }

    @Test("a verb that a path does not have is 405 and names those it has")
    func verbs() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let cases = [
                    ("GET", Chat.path, "POST"), ("PUT", "/memory_banks/get/", "GET, HEAD"),
                    ("OPTIONS", "/memory_bank/get", "GET, POST"), ("DELETE", "/post_training/job/cancel", "GET, POST"),
                    ("PATCH", "/health/live", "GET, HEAD"), ("TRACE", "/health/ready", "GET, HEAD"),
                    ("PROPFIND", "//datasets//get", "GET, HEAD"),
                ]
                for (verb, path, allowed) in cases {
                    let reply = try connection.ask(verb, path)
                    expect(reply, 405, "\(verb) \(path)")
                    #expect(reply.code == "method_not_allowed")
                    #expect(reply["Allow"] == allowed, "\(verb) \(path)")
                }
            }
        }
    }

    @Test(
        "a path that is not served is 404",
        arguments: [
            "/ui", "/ui/nothing.js", "/inference", "/Inference/completion", "/inference/completion/x", "/health",
            "/inference%2fcompletion",
            "/../etc/passwd", "/inference/*", "*",
        ])
    func paths(path: String) async throws {
        try await withFront { front in
            let reply = try await front.ask("GET", path)
            expect(reply, 404, path)
            #expect(reply.code == "route_not_found")
        }
    }
}
