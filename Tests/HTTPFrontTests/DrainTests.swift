import Foundation
import RawHTTP
import Testing

/// SIGTERM: what runs may end, what is new is refused, and there is an end.
struct DrainTests {
    @Test("a running stream goes on to its end while new requests are refused", .timeLimit(.minutes(10)))
    func goesOn() async throws {
        try await withFront {
            $0.limits.drainSeconds = 600
        } _: { front in
            try await withFront { other in
                let (stream, kept) = try await raw {
                    let stream = try front.connect()
                    stream.send(
                        "POST", Chat.path, Chat.body(#"{"name": "drained", "events": 3, "gated": true}"#, stream: true))
                    _ = try stream.head()
                    let kept = try front.connect()
                    #expect(try kept.ask("GET", "/health/ready").status == 200)
                    return (Box(stream), Box(kept))
                }
                await front.shutDown()
                try await raw {
                    let fresh = try front.connect()
                    // Not before the signal has gone round.
                    var ready = try fresh.ask("GET", "/health/ready")
                    let end = ContinuousClock.now + .seconds(60)
                    while ready.status == 200, ContinuousClock.now < end {
                        ready = try fresh.ask("GET", "/health/ready")
                    }
                    #expect(ready.status == 503)
                    #expect(ready.json["status"] == "draining")
                    #expect(try fresh.ask("GET", "/health/live").status == 200)

                    for connection in [fresh, kept.value] {
                        let refused = try connection.ask("POST", Chat.path, Chat.body("new"))
                        expect(refused, 503, "new")
                        #expect(refused.code == "shutting_down")
                        #expect(refused["Retry-After"] == "5")
                        #expect(refused["Connection"] == "close")
                        #expect(connection.isClosed())
                    }
                    let opener = try other.connect()
                    for _ in 0..<2 { _ = try opener.ask("POST", Chat.path, Chat.body(#"{"release": "drained"}"#)) }
                    var text = ""
                    while let chunk = try stream.value.chunk() { text += String(decoding: chunk, as: UTF8.self) }
                    #expect(text.contains("piece 2"))
                    #expect(text.hasSuffix(#""stop_reason":"finished_ok"}"# + "\n\n"))
                    #expect(stream.value.isClosed())
                }
                #expect(
                    try await eventually { front.log.lines.contains { $0.text.hasPrefix("drained in ") } })
                #expect(front.log.lines.contains { $0.text == "draining: 1 running, at most 600.0 s" })
            }
        }
    }

    @Test("what still runs at the bound is cut, and told why", .timeLimit(.minutes(10)))
    func cut() async throws {
        try await withFront {
            $0.limits.drainSeconds = 0.2
        } _: { front in
            let (stream, whole) = try await raw {
                let stream = try front.connect()
                stream.send("POST", Chat.path, Chat.body(#"{"hangs": true}"#, stream: true))
                _ = try stream.head()
                let whole = try front.connect()
                whole.send("POST", Chat.path, Chat.body(#"{"name": "cut whole", "hangs": true}"#))
                _ = try front.connect().ask("POST", Chat.path, Chat.body(#"{"tell": "cut whole", "until": "started"}"#))
                return (Box(stream), Box(whole))
            }
            await front.shutDown()
            try await raw {
                var text = ""
                while let chunk = try stream.value.chunk() { text += String(decoding: chunk, as: UTF8.self) }
                #expect(text.contains("event: error\ndata: {\"detail\":{\"code\":\"shutting_down\""))
                let reply = try whole.value.reply()
                expect(reply, 503, "cut")
                #expect(reply.code == "shutting_down")
                #expect(reply["Retry-After"] == "5")
            }
            #expect(
                try await eventually {
                    front.log.lines.contains { $0.level == .warning && $0.text.hasPrefix("drained: cut 2 answers") }
                })
        }
    }

    @Test("clients that hold a connection do not hold the end up", .timeLimit(.minutes(10)))
    func held() async throws {
        let held = try await withFront {
            $0.limits.drainSeconds = 0.1
            // What would end them otherwise comes later than this test may take.
            ($0.limits.idleTimeoutSeconds, $0.limits.headerTimeoutSeconds) = (3600, 3600)
            ($0.limits.bodyTimeoutSeconds, $0.limits.writeTimeoutSeconds) = (3600, 3600)
        } _: { front in
            try await raw {
                let idle = try front.connect()
                let kept = try front.connect()
                _ = try kept.ask("GET", "/health/live")
                let header = try front.connect()
                header.raw.send("GET /health")
                let body = try front.connect()
                body.raw.send(body.request("POST", Chat.path, Chat.body("hi")).utf8.dropLast(3))
                // Never reads what it asked for.
                let deaf = try front.connect(receiveBufferBytes: 4096)
                deaf.send("POST", Chat.path, Chat.body(#"{"events": 1000, "bytes": 100000}"#, stream: true))
                return Box([idle, kept, header, body, deaf])
            }
        }
        _ = held
    }
}

/// Carries a connection from one blocking part of a test to the next: one thread at a time.
struct Box<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
