import Foundation
import RawHTTP
import Testing

/// Clients that go away, or stop reading.
struct LeavingTests {
    @Test("a client that leaves in the middle of a stream cancels the call")
    func midStream() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let script = #"{"name": "leaves", "events": 100000, "delay_milliseconds": 5}"#
                connection.send("POST", Chat.path, Chat.body(script, stream: true))
                _ = try connection.head()
                _ = try connection.chunk()
            }
            #expect(try await front.tally("leaves", until: "cancelled").contains("cancelled 1"))
        }
    }

    @Test("a client that leaves a silent stream cancels the call")
    func silentStream() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                connection.send("POST", Chat.path, Chat.body(#"{"name": "silent", "hangs": true}"#, stream: true))
                _ = try connection.head()
                _ = try connection.chunk()
            }
            #expect(
                try await front.tally("silent", until: "cancelled") == "started 1 sent 1 ended 0 cancelled 1 failed 0")
        }
    }

    @Test("a client that leaves before its answer begins cancels the call", arguments: [true, false])
    func beforeFirst(stream: Bool) async throws {
        let name = "early \(stream)"
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let script = #"{"name": "\#(name)", "events": 0, "hangs": true}"#
                connection.send("POST", Chat.path, Chat.body(script, stream: stream))
                let other = try front.connect()
                _ = try other.ask("POST", Chat.path, Chat.body(#"{"tell": "\#(name)", "until": "started"}"#))
            }
            #expect(try await front.tally(name, until: "cancelled").contains("cancelled 1"))
        }
    }

    @Test("a client that resets the connection cancels the call")
    func reset() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                connection.send("POST", Chat.path, Chat.body(#"{"name": "reset", "hangs": true}"#, stream: true))
                _ = try connection.head()
                connection.raw.resetOnClose()
            }
            #expect(try await front.tally("reset", until: "cancelled").contains("cancelled 1"))
        }
    }

    @Test("a client that has only ended its side still gets its answer", arguments: [true, false])
    func halfClosed(stream: Bool) async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let script = #"{"events": 3, "delay_milliseconds": 20}"#
                connection.send("POST", Chat.path, Chat.body(script, stream: stream))
                connection.raw.shutdownWriting()
                let reply = try connection.reply()
                #expect(reply.status == 200)
                #expect(reply.text.contains("piece 2"))
                #expect(connection.isClosed())
            }
        }
    }

    @Test("a body that its client did not finish starts nothing, even where it looks whole")
    func unfinishedBody() async throws {
        try await withFront { front in
            try await raw {
                for length in ["Content-Length: 4000", "Transfer-Encoding: chunked"] {
                    let body = Chat.body("hello")
                    let sent =
                        length.hasPrefix("C") ? body : String(body.utf8.count, radix: 16) + "\r\n" + body + "\r\n"
                    let connection = try front.connect()
                    connection.raw.send(
                        "POST \(Chat.path) HTTP/1.1\r\nHost: 127.0.0.1:\(front.port)\r\n"
                            + "Content-Type: application/json\r\n\(length)\r\n\r\n\(sent)")
                    connection.raw.shutdownWriting()
                    expect(try connection.reply(), 400, "cut: \(length)")
                    #expect(connection.isClosed())
                }
            }
            #expect(front.received.count == 0)
        }
    }

    @Test(
        "a client that does not read makes the provider wait, and is cut off", .timeLimit(.minutes(10)),
        arguments: ChatForm.allCases)
    func stalled(form: ChatForm) async throws {
        try await withFront {
            $0.limits.writeTimeoutSeconds = 0.3
        } _: { front in
            try await raw {
                let connection = try front.connect(receiveBufferBytes: 4096)
                let script = #"{"name": "stalled \#(form)", "events": 1000, "bytes": 100000}"#
                connection.send("POST", form.path, form.body(script, stream: true))
                let other = try front.connect()
                let told = try other.ask(
                    "POST", Chat.path, Chat.body(#"{"tell": "stalled \#(form)", "until": "cancelled"}"#))
                let sent = try #require(
                    told.json["content"]?.stringValue?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) })
                // The sockets' buffers, the answer's queue, and no more of the 100 MB.
                #expect(sent < 120, "\(sent) events of 100 kB were made for a client that reads nothing")
                _ = connection
            }
        }
    }

    @Test("a slow reader gets all of a long stream, in order")
    func slowReader() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect(receiveBufferBytes: 4096)
                connection.send("POST", Chat.path, Chat.body(#"{"events": 5000}"#, stream: true))
                _ = try connection.head()
                var text = ""
                while let chunk = try connection.chunk() { text += String(decoding: chunk, as: UTF8.self) }
                let pieces = text.components(separatedBy: "\n\n").dropLast(2)
                #expect(pieces.count == 5000)
                #expect(pieces.enumerated().allSatisfy { $1 == #"data: {"text_delta":"piece \#($0) "}"# })
            }
        }
    }

    @Test("what one client does to its stream does not touch another's", arguments: ChatForm.allCases)
    func independent(form: ChatForm) async throws {
        try await withFront { front in
            try await withThrowingTaskGroup { group in
                for number in 0..<40 {
                    group.addTask {
                        try await raw {
                            let connection = try front.connect()
                            // What is left lasts until it is noticed, however late this thread is.
                            let events = number % 4 > 1 ? 20 : 1_000_000
                            let script =
                                #"{"name": "\#(form), \#(number)", "events": \#(events), "delay_milliseconds": 2}"#
                            connection.send("POST", form.path, form.body(script, stream: true))
                            _ = try connection.head()
                            if number % 4 == 0 { return }
                            if number % 4 == 1 { return connection.raw.resetOnClose() }
                            var pieces = 0
                            while try connection.chunk() != nil { pieces += 1 }
                            // OpenAI's has the role before, and [DONE] behind.
                            #expect(pieces <= 23)
                        }
                    }
                }
                try await group.waitForAll()
            }
            for number in 0..<40 {
                let tally = try await front.tally(
                    "\(form), \(number)", until: number % 4 > 1 ? "ended" : "cancelled")
                #expect(tally.contains(number % 4 > 1 ? "sent 20 ended 1" : "cancelled 1"))
            }
            // Each has been released: its line is written, and a drain finds nothing.
            #expect(try await eventually { front.log.lines.count >= 80 })
            #expect(front.log.lines.count == 80)
            await front.shutDown()
            #expect(
                try await eventually { front.log.lines.contains { $0.text.hasPrefix("draining: 0 running") } })
        }
    }
}
