import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

/// Bodies that are no JSON, or JSON that is made to hurt.
struct JSONBodyTests {
    /// A chat request with this in place of its text.
    private static func chat(_ content: String) -> String {
        #"{"model": "llama3_8b_chat", "dialog": {"message": {"role": "user", "content": \#(content)}}}"#
    }

    static let broken: [(String, String, Int)] = [
        ("nothing", "", 400), ("white space", "  \n ", 400), ("an open object", "{", 400),
        ("an open string", #"{"a": "b"#, 400),
        ("two values", #"{} {}"#, 400), ("a trailing comma", chat(#""x","#), 400),
        ("single quotes", "{'model': 'x'}", 400),
        ("a comment", #"{} // x"#, 400), ("NaN", chat("NaN"), 400), ("an infinity", chat("-Infinity"), 400),
        ("1e400", chat("1e400"), 400), ("a leading zero", chat("01"), 400), ("a bare minus", chat("-"), 400),
        ("a control character in a string", chat("\"a\u{1}b\""), 400), ("a lone surrogate", chat(#""\ud800""#), 400),
        ("a bad escape", chat(#""\x41""#), 400),
        ("a key twice", #"{"model": "llama3_8b_chat", "model": "llama3_8b"}"#, 400),
        ("a deeper key twice", chat(#"{"url": "https://a", "url": "https://b", "mime_type": "x"}"#), 400),
        ("a key twice, once escaped", #"{"model": "llama3_8b_chat", "m\u006fdel": "llama3_8b"}"#, 400),
        ("65 levels", chat(String(repeating: "[", count: 63) + String(repeating: "]", count: 63)), 400),
        ("100000 levels", String(repeating: "[", count: 100_000), 400),
        ("100000 objects deep", String(repeating: #"{"a":"#, count: 100_000), 400),
        ("a million items", "[" + String(repeating: "1,", count: 999_999) + "1]", 400),
        ("100000 keys", "{" + (0..<100_000).map { #""\#($0)":1"# }.joined(separator: ",") + "}", 400),
        ("a number of a million digits", chat(String(repeating: "9", count: 1_000_000)), 400),
        ("a number of fractions", chat("0." + String(repeating: "1", count: 1_000_000)), 400),
        ("a byte order mark", "\u{FEFF}" + chat(#""x""#), 400),
    ]

    @Test(
        "a body that is no JSON within the limits is 400, and not repeated in the answer", arguments: broken.map(\.0))
    func refused(name: String) async throws {
        let (_, body, status) = try #require(Self.broken.first { $0.0 == name })
        try await withFront { front in
            // Linear: the other kind would take minutes.
            let reply = try await front.ask("POST", Chat.path, body)
            #expect(reply.status == status, "\(reply.text.prefix(300))")
            #expect(reply.errorFormProblem == nil)
            #expect(["invalid_json", "json_too_deep"].contains(reply.code), "\(reply.text.prefix(300))")
            #expect(reply.message.utf8.count < 400)
            #expect(front.received.count == 0)
        }
    }

    @Test(
        "text that is no UTF-8 is 400",
        arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]])
    func badUTF8(bytes: [UInt8]) async throws {
        try await withFront { front in
            let parts = Self.chat("\"BAD\"").components(separatedBy: "BAD").map { Array($0.utf8) }
            let body = parts[0] + bytes + parts[1]
            let reply = try await raw {
                let connection = try front.connect()
                connection.raw.send(
                    "POST \(Chat.path) HTTP/1.1\r\nHost: 127.0.0.1:\(front.port)\r\nContent-Type: application/json\r\n"
                        + "Content-Length: \(body.count)\r\n\r\n")
                connection.raw.send(body)
                return try connection.reply()
            }
            expect(reply, 400, "\(bytes)")
            #expect(reply.code == "invalid_json")
        }
    }

    @Test(
        "numbers out of range are 422 by their field",
        arguments: [
            ("max_tokens", "-1"), ("max_tokens", "9223372036854775808"), ("max_tokens", "1e300"), ("max_tokens", "0.5"),
            ("sampling_params.temperature", "-1"), ("sampling_params.top_p", "-0.1"), ("sampling_params.top_p", "2"),
            ("sampling_params.top_k", "-5"), ("sampling_params.top_k", "2.5"),
            ("sampling_params.top_k", "99999999999999999999"),
        ])
    func numbers(field: String, value: String) async throws {
        let parts = field.split(separator: ".")
        let member = parts.count == 1 ? "\"\(field)\": \(value)" : "\"\(parts[0])\": {\"\(parts[1])\": \(value)}"
        let body = Self.chat(#""x""#).dropLast() + ", \(member)}"
        let reply = try await withFront { try await $0.ask("POST", Chat.path, String(body)) }
        expect(reply, 422, field: field, value)
    }

    @Test("64 levels are read, and said to be no content")
    func deepest() async throws {
        let body = Self.chat(String(repeating: "[", count: 61) + String(repeating: "]", count: 61))
        let reply = try await withFront { try await $0.ask("POST", Chat.path, body) }
        expect(reply, 422, field: "dialog.message.content[0]", "64 levels")
    }

    @Test("what a client wrote comes back in an error shortened and without control characters")
    func echoed() async throws {
        try await withFront { front in
            let long = String(repeating: "k", count: 100_000)
            for body in [#"{"\#(long)": 1, "model": "llama3_8b_chat"}"#, Chat.body("x", model: long + "\u{1B}[31m\n")] {
                let reply = try await front.ask("POST", Chat.path, body)
                #expect((400..<500).contains(reply.status))
                #expect(reply.body.count < 1500, "\(reply.body.count) bytes")
                #expect(!reply.message.unicodeScalars.contains { $0.value < 0x20 })
            }
        }
    }
}
