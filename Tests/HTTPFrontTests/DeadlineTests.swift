import Foundation
import RawHTTP
import Testing

/// Clients that are too slow.
struct DeadlineTests {
    @Test(
        "a header that does not arrive in time ends the connection", arguments: ["", "GET /health/live HTTP/1.1\r\nHo"])
    func header(sent: String) async throws {
        try await withFront {
            $0.limits.headerTimeoutSeconds = 0.15
        } _: { front in
            try await raw {
                let connection = try front.connect()
                connection.raw.send(sent)
                #expect(connection.isClosed())
            }
        }
    }

    @Test("a header that comes a byte at a time does not hold the connection")
    func drippedHeader() async throws {
        try await withFront {
            $0.limits.headerTimeoutSeconds = 0.15
        } _: { front in
            try await raw {
                let connection = try front.connect()
                #expect(Self.isClosed(dripping: connection))
            }
        }
    }

    @Test("the second request's header has its time too")
    func secondHeader() async throws {
        try await withFront {
            $0.limits.idleTimeoutSeconds = 0.2
        } _: { front in
            try await raw {
                let connection = try front.connect()
                #expect(try connection.ask("GET", "/health/live").status == 200)
                #expect(Self.isClosed(dripping: connection))
            }
        }
    }

    /// Whether the server closes while a byte of a header comes every 20 ms. One that takes each for a new beginning
    /// never does.
    private static func isClosed(dripping connection: HTTPConnection) -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while connection.raw.send("G"), connection.raw.read(seconds: 0.02) != nil {
            if ContinuousClock.now > end { return false }
        }
        return true
    }

    @Test("a kept connection is closed when it is silent for too long, and not before")
    func keepAlive() async throws {
        try await withFront {
            $0.limits.idleTimeoutSeconds = 4
        } _: { front in
            try await raw {
                let connection = try front.connect()
                for _ in 0..<3 {
                    #expect(try connection.ask("GET", "/health/live").status == 200)
                    #expect(connection.raw.read(seconds: 0.1) == [])
                }
                #expect(connection.isClosed())
            }
        }
    }

    @Test("a body that stops coming is answered with 408", arguments: ChatForm.allCases)
    func bodyIdle(form: ChatForm) async throws {
        try await withFront {
            $0.limits.idleTimeoutSeconds = 0.15
        } _: { front in
            try await raw {
                let connection = try front.connect()
                let request = connection.request("POST", form.path, form.body("hello"))
                connection.raw.send(request.utf8.dropLast(5))
                let reply = try connection.reply()
                #expect(reply.status == 408)
                #expect(reply.text.contains(#""code":"request_timeout""#))
                #expect(reply["Connection"] == "close")
                #expect(connection.isClosed())
            }
            #expect(front.received.count == 0)
        }
    }

    @Test("a body that comes a byte at a time is answered with 408 when its time is up", arguments: ChatForm.allCases)
    func drippedBody(form: ChatForm) async throws {
        try await withFront {
            ($0.limits.idleTimeoutSeconds, $0.limits.bodyTimeoutSeconds) = (10, 0.3)
        } _: { front in
            try await raw {
                let connection = try front.connect()
                let request = connection.request("POST", form.path, form.body(String(repeating: "x", count: 1000)))
                let start = ContinuousClock.now
                connection.raw.send(request.utf8.dropLast(1000))
                while ContinuousClock.now - start < .milliseconds(350) {
                    connection.raw.send("x")
                    usleep(10_000)
                }
                #expect(try connection.reply().status == 408)
            }
        }
    }

    @Test("an answer that takes long is not counted against its client")
    func longAnswer() async throws {
        try await withFront {
            ($0.limits.idleTimeoutSeconds, $0.limits.headerTimeoutSeconds) = (2, 2)
            ($0.limits.bodyTimeoutSeconds, $0.limits.writeTimeoutSeconds) = (2, 2)
        } _: { front in
            let reply = try await front.chat(#"{"events": 2, "delay_milliseconds": 4000}"#, stream: true)
            #expect(reply.text.contains("finished_ok"))
        }
    }

    @Test(
        "clients that never finish their header do not keep the others from being served", arguments: ChatForm.allCases)
    func others(form: ChatForm) async throws {
        try await withFront {
            $0.limits.headerTimeoutSeconds = 30
        } _: { front in
            try await raw {
                let slow = try (0..<200).map { _ in try front.connect() }
                for connection in slow { connection.raw.send("POST \(form.path) HTTP/1.1\r\nX-") }
                let connection = try front.connect()
                for _ in 0..<20 { #expect(try connection.ask("POST", form.path, form.body("hi")).status == 200) }
                _ = slow
            }
        }
    }
}
