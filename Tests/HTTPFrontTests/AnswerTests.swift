import Foundation
import Testing

/// What a user reads, whole: a golden file of requests and the responses to them. UPDATE_GOLDEN=1 rewrites it.
struct AnswerTests {
    private static let requests: [(String, String, String?, String)] = [
        ("GET", "/health/live", nil, ""),
        ("GET", "/health/ready", nil, ""),
        ("POST", "/inference/completion", #"{"model": "llama3_8b", "content": "hello"}"#, ""),
        ("POST", "/inference/chat_completion", Chat.body("hello", stream: true), ""),
        ("POST", "/inference/batch_completion", #"{"model": "llama3_8b", "content_batch": ["one", "two"]}"#, ""),
        ("GET", "/memory_banks/get", nil, "Accept: application/json\r\n"),
        ("POST", "/memory_banks/create?bank_uuid=b&bank_name=notes", "[]", ""),
        ("HEAD", "/datasets/get?dataset_id=d", nil, ""),
        (
            "OPTIONS", "/inference/completion", nil,
            "Origin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n"
        ),
        // Errors.
        ("GET", "/inference/complete", nil, ""),
        ("GET", "/inference/completion", nil, ""),
        ("GET", "/datasets/get", nil, ""),
        ("GET", "/datasets/get?datset_id=d", nil, ""),
        ("GET", "/memory_banks/get?x=1", nil, ""),
        ("GET", "/datasets/get?dataset_id=%zz", nil, ""),
        ("POST", "/inference/completion", "{", ""),
        ("POST", "/inference/completion", "[]", ""),
        ("POST", "/inference/completion", "{}", ""),
        ("POST", "/inference/completion", #"{"model": "llama3_8"}"#, ""),
        ("POST", "/inference/completion", #"{"model": "llama3_8b", "contnt": "x"}"#, ""),
        ("POST", "/inference/completion", #"{"model": "llama3_8b", "content": 1}"#, ""),
        ("POST", "/inference/completion", Chat.body(#"{"events": 0, "error": "internal"}"#), ""),
        ("POST", "/inference/chat_completion", Chat.body(#"{"events": 0, "error": "internal"}"#), ""),
        ("POST", "/inference/chat_completion", Chat.body(#"{"events": 0, "error": "queue_full"}"#), ""),
        ("POST", "/inference/chat_completion", "{}", "Content-Encoding: gzip\r\n"),
        ("POST", "/inference/completion", "{}", "Origin: https://evil.test\r\n"),
        ("GET", "/health/live", nil, "Host: two.test\r\n"),
        ("GET", "/health/live?\(String(repeating: "x", count: 9000))", nil, ""),
        ("GET", "/health/live", nil, "X-Long: \(String(repeating: "x", count: 20_000))\r\n"),
        ("GET", "/health/live", nil, "no header\r\n"),
    ]

    @Test("the answers to good and bad requests are those of the golden file")
    func golden() async throws {
        let text = try await withFront {
            $0.allowedOrigins = ["https://app.example"]
        } _: { front in
            try await raw {
                var text = ""
                for (verb, target, body, headers) in Self.requests {
                    let connection = try front.connect()
                    let reply = try connection.ask(verb, target, body, headers: "X-Request-Id: id\r\n" + headers)
                    text += "> \(Self.short("\(verb) \(target)"))\n"
                    for line in headers.split(separator: "\r\n") { text += "> \(Self.short(String(line)))\n" }
                    if let body { text += "> \(body)\n" }
                    text += "\(reply.status)\n"
                    for (name, value) in reply.headers where name != "Date" { text += "\(name): \(value)\n" }
                    text += (reply.body.isEmpty ? "" : "\n\(reply.text)") + "\n\n"
                }
                // Refused by the parser, before an id could be read.
                return text.replacing(/req_[0-9a-f]{16}/, with: "req_NEW")
            }
        }
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/golden/http-answers.txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let golden = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let differing = zip(text.split(separator: "\n"), golden.split(separator: "\n")).first { $0 != $1 }
        #expect(
            text == golden,
            "first difference: \(differing.map { "'\($0.0)', golden '\($0.1)'" } ?? "one is longer"); `make golden` rewrites it"
        )
    }

    private static func short(_ line: String) -> String {
        line.utf8.count > 120 ? line.prefix(30) + "…" : line
    }
}
