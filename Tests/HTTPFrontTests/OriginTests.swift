import Foundation
import RawHTTP
import Testing

@testable import HTTPFront

/// Who may ask: `Host` against DNS rebinding, `Origin` and the type of the body against requests that a web page makes.
struct OriginTests {
    @Test("the server answers for this machine's own names and its port, and no others")
    func hosts() async throws {
        try await withFront {
            $0.allowedHosts = ["stack.example:99"]
        } _: { front in
            try await raw {
                let port = front.port
                let allowed = [
                    "127.0.0.1:\(port)", "localhost:\(port)", "LocalHost:\(port)", "[::1]:\(port)", "Stack.Example:99",
                ]
                let refused = [
                    "evil.test", "evil.test:\(port)", "127.0.0.1.evil.test:\(port)", "localhost", "127.0.0.1",
                    "localhost.:\(port)",
                    "0.0.0.0:\(port)", "127.0.0.1:\(port + 1)", "127.0.0.2:\(port)", "127.1:\(port)",
                    "2130706433:\(port)",
                    "[::ffff:127.0.0.1]:\(port)", "localhost:\(port)@evil.test", "localhost:\(port),evil.test",
                    "user@localhost:\(port)",
                    "stack.example", "x.stack.example:99", "localhost:0\(port)", "localhost:", "stack.local:\(port)",
                ]
                let connection = try front.connect()
                func ask(_ lines: String) throws -> Reply {
                    connection.raw.send("GET /health/live HTTP/1.1\r\n\(lines)\r\n")
                    return try connection.reply()
                }
                for host in allowed { #expect(try ask("Host: \(host)\r\n").status == 200, "\(host)") }
                for host in refused {
                    let reply = try ask("Host: \(host)\r\n")
                    expect(reply, 403, host)
                    #expect(reply.code == "host_not_allowed")
                }
            }
        }
    }

    @Test(
        "no Host, an empty one and two are 400",
        arguments: [
            "", "Host:\r\n", "Host: A\r\nHost: A\r\n", "Host: A\r\nHost: evil.test\r\n",
            "Host: evil.test\r\nhost: A\r\n",
        ])
    func badHost(lines: String) async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let host = lines.replacingOccurrences(of: "A", with: "127.0.0.1:\(front.port)")
                connection.raw.send("GET /memory_banks/get HTTP/1.1\r\n\(host)\r\n")
                expect(try connection.reply(), 400, lines)
            }
            #expect(front.received.count == 0)
        }
    }

    @Test("a web page is refused before its body is looked at, unless its origin is allowed")
    func origins() async throws {
        try await withFront {
            $0.allowedOrigins = ["https://app.example"]
        } _: { front in
            try await raw {
                let connection = try front.connect()
                let refused = [
                    "https://evil.test", "null", "http://app.example", "https://app.example:8443",
                    "https://app.example.evil.test", "https://APP.example", "",
                ]
                for origin in refused {
                    let reply = try connection.ask("POST", Chat.path, "not json", headers: "Origin: \(origin)\r\n")
                    expect(reply, 403, origin)
                    #expect(reply.code == "origin_not_allowed")
                    #expect(reply["Access-Control-Allow-Origin"] == nil)
                }
                #expect(front.received.count == 0)

                let allowed = "Origin: https://app.example\r\n"
                for (body, status) in [(Chat.body("hi"), 200), ("{}", 422), ("[", 400)] {
                    let reply = try connection.ask("POST", Chat.path, body, headers: allowed)
                    #expect(reply.status == status)
                    // Also on errors: else the page can't read what was wrong.
                    #expect(reply["Access-Control-Allow-Origin"] == "https://app.example")
                    #expect(reply["Vary"] == "Origin")
                    #expect(reply["Access-Control-Allow-Credentials"] == nil)
                }
                #expect(
                    try connection.ask("GET", "/nowhere", headers: allowed)["Access-Control-Allow-Origin"]
                        == "https://app.example")
            }
        }
    }

    @Test("the server's own origin is allowed, by each of its names, and no other of this machine")
    func own() async throws {
        try await withFront {
            $0.allowedHosts = ["stack.example:99"]
        } _: { front in
            try await raw {
                let port = front.port
                let connection = try front.connect()
                func ask(_ origin: String) throws -> Reply {
                    try connection.ask("POST", Chat.path, Chat.body("hi"), headers: "Origin: \(origin)\r\n")
                }
                let own = ["127.0.0.1:\(port)", "localhost:\(port)", "[::1]:\(port)", "stack.example:99"]
                for host in own {
                    let reply = try ask("http://\(host)")
                    #expect(reply.status == 200, "\(host)")
                    #expect(reply["Access-Control-Allow-Origin"] == "http://\(host)")
                }
                let others = [
                    "https://127.0.0.1:\(port)", "http://127.0.0.1:\(port + 1)", "http://127.0.0.1", "http://localhost",
                    "http://127.0.0.1:\(port)/", "http://127.0.0.1:\(port).evil.test", "http://127.0.0.2:\(port)",
                    "http://evil.test:\(port)", "http://stack.example", "null", "127.0.0.1:\(port)", "file://",
                ]
                for origin in others { expect(try ask(origin), 403, origin) }
            }
        }
    }

    @Test("a server on all addresses has the address that was asked for its own")
    func ownOfAll() async throws {
        try await withFront {
            ($0.host, $0.isInsecure, $0.allowedHosts) = ("0.0.0.0", true, ["stack.example:99"])
        } _: { front in
            try await raw {
                let connection = try HTTPConnection(port: front.port, address: "127.0.0.2")
                func ask(_ origin: String, host: String) throws -> Int {
                    connection.raw.send(
                        "GET /health/live HTTP/1.1\r\nHost: \(host)\r\nOrigin: \(origin)\r\n\r\n")
                    return try connection.reply().status
                }
                let own = "127.0.0.2:\(front.port)"
                #expect(try ask("http://\(own)", host: own) == 200)
                #expect(try ask("http://0.0.0.0:\(front.port)", host: own) == 200)
                #expect(try ask("http://127.0.0.3:\(front.port)", host: own) == 403)
                #expect(try ask("http://\(own)", host: "127.0.0.3:\(front.port)") == 403)
            }
        }
    }

    @Test("a preflight is answered for allowed origins alone")
    func preflight() async throws {
        try await withFront {
            $0.allowedOrigins = ["https://app.example"]
        } _: { front in
            try await raw {
                let connection = try front.connect()
                let asks = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n"
                let allowed = try connection.ask(
                    "OPTIONS", Chat.path, headers: "Origin: https://app.example\r\n" + asks)
                #expect(allowed.status == 204)
                #expect(allowed["Access-Control-Allow-Origin"] == "https://app.example")
                #expect(allowed["Access-Control-Allow-Methods"] == "GET, POST, DELETE")
                #expect(
                    allowed["Access-Control-Allow-Headers"]
                        == "Content-Type, Authorization, X-Request-Id, Idempotency-Key")
                #expect(try connection.ask("GET", "/health/live").status == 200)
                expect(
                    try connection.ask("OPTIONS", Chat.path, headers: "Origin: https://evil.test\r\n" + asks), 403,
                    "evil")
            }
        }
    }

    @Test(
        "a form of a web page is no request",
        arguments: [
            "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
            "application/jsonp", "text/json",
        ])
    func forms(type: String) async throws {
        try await withFront { front in
            let body = Chat.body("hi")
            let reply = try await raw {
                let connection = try front.connect()
                connection.raw.send(
                    "POST \(Chat.path) HTTP/1.1\r\nHost: 127.0.0.1:\(front.port)\r\n"
                        + (type.isEmpty ? "" : "Content-Type: \(type)\r\n")
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return try connection.reply()
            }
            expect(reply, 415, type)
            #expect(front.received.count == 0)
        }
    }

    @Test(
        "the type of the body may have parameters and capitals",
        arguments: ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
    func types(type: String) async throws {
        try await withFront { front in
            let body = Chat.body("hi")
            let reply = try await raw {
                let connection = try front.connect()
                connection.raw.send(
                    "POST \(Chat.path) HTTP/1.1\r\nHost: 127.0.0.1:\(front.port)\r\nContent-Type: \(type)\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return try connection.reply()
            }
            #expect(reply.status == 200)
        }
    }
}
