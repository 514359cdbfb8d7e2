import Foundation
import Testing

/// Request ids and the access log.
struct LogTests {
    @Test("a client's own plain request id comes back, reaches the provider and stands in the log")
    func given() async throws {
        try await withFront { front in
            let id = "My-id_1.2:3"
            let reply = try await front.ask("POST", Chat.path, Chat.body("hi"), headers: "X-Request-Id: \(id)\r\n")
            #expect(reply["X-Request-Id"] == id)
            #expect(front.received[id] != nil)
            #expect(try await line(front, of: id) != nil)
        }
    }

    @Test(
        "a request id that is missing or not plain is made anew",
        arguments: [
            "", "X-Request-Id: \r\n", "X-Request-Id: a b\r\n", "X-Request-Id: a\u{7F}b\r\n", "X-Request-Id: é\r\n",
            "X-Request-Id: <b>\r\n", "X-Request-Id: \(String(repeating: "a", count: 129))\r\n",
            "X-Request-Id: a\r\nX-Request-Id: b\r\n",
        ])
    func made(header: String) async throws {
        try await withFront { front in
            let first = try await front.ask("GET", "/health/live", headers: header)
            let second = try await front.ask("GET", "/nowhere", headers: header)
            if first.status == 400 { return }
            let ids = [first, second].map { $0["X-Request-Id"] ?? "" }
            #expect(ids.allSatisfy { $0.wholeMatch(of: /req_[0-9a-f]{16}/) != nil }, "\(ids)")
            #expect(ids[0] != ids[1])
            #expect(second.requestID == ids[1])
        }
    }

    @Test(
        "the access log has a line for each request: verb, route, status, size, time, and nothing that a client wrote")
    func lines() async throws {
        try await withFront { front in
            let secret = "s3cret"
            let cases = [
                ("a", "POST", Chat.path, Chat.body(secret), "POST /inference/chat_completion 200 64B"),
                ("b", "POST", Chat.path + "/", Chat.body(secret, stream: true), "POST /inference/chat_completion 200"),
                ("c", "POST", Chat.path, "{\"\(secret)\": 1}", "POST /inference/chat_completion 422"),
                ("d", "GET", "/datasets/get?dataset_id=\(secret)", nil, "GET /datasets/get 200"),
                ("g", "GET", "/%64atasets/./get?dataset_id=\(secret)", nil, "GET /datasets/get 200"),
                ("e", "GET", "/\(secret)", nil, "GET - 404"),
                ("f", "DELETE", "//datasets/get/?\(secret)", nil, "DELETE /datasets/get 405"),
            ]
            for (id, verb, target, body, start) in cases {
                _ = try await front.ask(verb, target, body, headers: "X-Request-Id: \(id)\r\nX-Secret: \(secret)\r\n")
                let line = try await line(front, of: id)
                #expect(line?.hasPrefix(start + " ") == true, "\(line ?? "no line")")
                #expect(line?.wholeMatch(of: /[A-Z]+ \S+ \d{3} \d+B \d+\.\d+ms/) != nil, "\(line ?? "no line")")
            }
            #expect(front.log.lines.allSatisfy { !$0.text.contains(secret) && !$0.requestID.contains(secret) })
            #expect(front.received.otherLines.allSatisfy { !$0.contains(secret) })
        }
    }

    @Test("the access log has what a line says as values too, and counts the bytes of a stream")
    func values() async throws {
        try await withFront { front in
            let stream = try await front.ask(
                "POST", Chat.path, Chat.body("hi", stream: true), headers: "X-Request-Id: s\r\n")
            _ = try await front.ask("PUT", "/nowhere", headers: "X-Request-Id: n\r\n")
            let text = try await line(front, of: "s") ?? ""
            var values = front.log.line(of: "s")?.values ?? [:]
            let milliseconds = values.removeValue(forKey: "milliseconds") ?? ""
            #expect(text == "POST /inference/chat_completion 200 \(stream.body.count)B \(milliseconds)ms")
            #expect(
                values == [
                    "method": "POST", "route": "/inference/chat_completion", "status": "200",
                    "bytes": "\(stream.body.count)",
                ])
            _ = try await line(front, of: "n")
            let refused = front.log.line(of: "n")?.values
            #expect(refused?["method"] == "PUT" && refused?["route"] == "-" && refused?["status"] == "404")
        }
    }

    @Test("the line of an answer whose client left says so, once")
    func cut() async throws {
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                let script = #"{"events": 100000, "delay_milliseconds": 2}"#
                connection.send("POST", Chat.path, Chat.body(script, stream: true), headers: "X-Request-Id: gone\r\n")
                _ = try connection.head()
            }
            let line = try await line(front, of: "gone")
            #expect(line?.hasSuffix("ms cut") == true, "\(line ?? "no line")")
            #expect(front.log.line(of: "gone")?.values["cut"] == "true")
            #expect(front.log.lines.count { $0.requestID == "gone" } == 1)
        }
    }

    /// The line comes when the answer has been released, which is after the client has seen it.
    private func line(_ front: FrontServer, of requestID: String) async throws -> String? {
        _ = try await eventually { front.log.line(of: requestID) != nil }
        return front.log.line(of: requestID)?.text
    }
}
