import Foundation
import LlamaStackAPI
import Testing

/// The form of answers: events as they come, whole answers with their length, errors before and after the first byte.
struct StreamTests {
    @Test("a stream is one data record an event and ends with the connection's last chunk")
    func bytes() async throws {
        let reply = try await withFront { try await $0.chat(#"{"events": 2}"#, stream: true) }
        #expect(
            reply.text == """
                data: {"text_delta":"piece 0 "}

                data: {"text_delta":"piece 1 "}

                data: {"text_delta":"","stop_reason":"finished_ok"}


                """)
        #expect(reply["Content-Type"] == "text/event-stream")
        #expect(reply["Cache-Control"] == "no-store")
        #expect(reply["X-Accel-Buffering"] == "no")
        #expect(reply["Content-Length"] == nil)
    }

    @Test("each event is sent before the next one is made")
    func flushed() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let other = try front.connect()
                connection.send(
                    "POST", Chat.path, Chat.body(#"{"name": "flush", "events": 4, "gated": true}"#, stream: true))
                #expect(try connection.head().status == 200)
                for index in 0..<4 {
                    // The provider makes no further event until it is let.
                    let chunk = try #require(try connection.chunk())
                    let record = #"data: {"text_delta":"piece \#(index) "}"# + "\n\n"
                    // Behind the last piece the end may come along.
                    let text = String(decoding: chunk, as: UTF8.self)
                    #expect(index < 3 ? text == record : text.hasPrefix(record))
                    _ = try other.ask("POST", Chat.path, Chat.body(#"{"release": "flush"}"#))
                }
            }
        }
    }

    @Test("an error before the first event keeps its status", arguments: [true, false])
    func earlyError(stream: Bool) async throws {
        let codes = ErrorCode.all.filter {
            ![.internal, .invalidConfig, .cancelled].contains($0) && $0.httpStatus != 403
        }
        try await withFront { front in
            for code in codes {
                let reply = try await front.chat(#"{"events": 0, "error": "\#(code.code)"}"#, stream: stream)
                #expect(reply.status == code.httpStatus, "\(code)")
                #expect(reply.code == code.code)
                #expect(reply.message == "scripted: \(code.code)")
                #expect(reply.errorFormProblem == nil)
                #expect(reply.field == (code == .invalidRequest ? "the.field" : nil))
                #expect(reply["Retry-After"] == ([.queueFull, .providerUnavailable].contains(code) ? "7" : nil))
            }
        }
    }

    @Test("what a provider says of its own failure stays in the log")
    func internalError() async throws {
        try await withFront { front in
            for body in [
                Chat.body(#"{"events": 0, "error": "internal"}"#), Chat.body(#"{"error": "internal"}"#, stream: true),
            ] {
                let reply = try await front.ask("POST", Chat.path, body)
                #expect(!reply.text.contains("scripted:"))
                #expect(reply.text.contains("internal"))
            }
            #expect(front.received.otherLines.contains { $0.contains("scripted: internal") })
        }
    }

    @Test("an error after the first event is an event of its own, and the last")
    func lateError() async throws {
        let reply = try await withFront {
            try await $0.ask(
                "POST", Chat.path, Chat.body(#"{"events": 1, "error": "queue_full"}"#, stream: true),
                headers: "X-Request-Id: late\r\n")
        }
        #expect(reply.status == 200)
        #expect(
            reply.text == """
                data: {"text_delta":"piece 0 "}

                event: error
                data: {"detail":{"code":"queue_full","message":"scripted: queue_full","request_id":"late"}}


                """)
    }

    @Test("the body's stream decides, whatever Accept says", arguments: [true, false])
    func accept(stream: Bool) async throws {
        try await withFront { front in
            for accept in ["text/event-stream", "application/json", "*/*", "text/html"] {
                let reply = try await front.ask(
                    "POST", Chat.path, Chat.body("hi", stream: stream), headers: "Accept: \(accept)\r\n")
                #expect(reply["Content-Type"] == (stream ? "text/event-stream" : "application/json"))
            }
        }
    }

    @Test("a list is JSON Lines, and a JSON array for who asks for JSON alone")
    func jsonLines() async throws {
        try await withFront { front in
            let lines = #"{"uuid":"one","name":"the first"}"# + "\n" + #"{"uuid":"two","name":"the second"}"# + "\n"
            for accept in [
                nil, "*/*", "application/jsonl", "application/json, application/jsonl", "application/json, */*",
            ] {
                let reply = try await front.ask(
                    "GET", "/memory_banks/get", headers: accept.map { "Accept: \($0)\r\n" } ?? "")
                #expect(reply.text == lines, "\(accept ?? "none")")
                #expect(reply["Content-Type"] == "application/jsonl")
            }
            let array = try await front.ask("GET", "/memory_banks/get", headers: "Accept: application/json\r\n")
            #expect(array.text == #"[{"uuid":"one","name":"the first"},{"uuid":"two","name":"the second"}]"#)
            #expect(array["Content-Type"] == "application/json")
        }
    }

    @Test("an answer of megabytes arrives whole", arguments: [100_000, 1_048_576, 5_000_000])
    func big(bytes: Int) async throws {
        let reply = try await withFront { try await $0.chat(#"{"bytes": \#(bytes)}"#) }
        #expect(reply.text.hasPrefix(#"{"content":"xxx"#) && reply.text.hasSuffix(#""stop_reason":"finished_ok"}"#))
        #expect(reply.body.count { $0 == UInt8(ascii: "x") } == bytes)
        // The larger ones are sent as they come.
        #expect((reply["Content-Length"] == nil) == (bytes > 1_000_000))
    }

    @Test("a job's log streams without being asked to")
    func jobLogs() async throws {
        let reply = try await withFront { try await $0.ask("GET", "/post_training/job/logs?job_uuid=job") }
        #expect(reply.text == #"data: {"job_uuid":"job","log_lines":["job","end"]}"# + "\n\n")
    }

    @Test("HEAD says what GET would, where GET only reads, and nothing more")
    func head() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let got = try connection.ask("GET", "/datasets/get?dataset_id=x")
                let head = try connection.ask("HEAD", "/datasets/get?dataset_id=x")
                #expect(head.status == 200)
                #expect(head["Content-Length"] == got["Content-Length"])
                #expect(head["Content-Type"] == got["Content-Type"])
                // A stream, and a GET that acts.
                let logs = try connection.ask("HEAD", "/post_training/job/logs?job_uuid=x")
                #expect((logs.status, logs["Allow"]) == (405, "GET"))
                let count = front.received.count
                let cancel = try connection.ask("HEAD", "/post_training/job/cancel?job_uuid=x")
                #expect((cancel.status, cancel["Allow"]) == (405, "GET, POST"))
                #expect(front.received.count == count)
                #expect(try connection.ask("GET", "/health/live").status == 200)
            }
        }
    }
}
