import Foundation
import RawHTTP
import Testing

/// The header `Idempotency-Key`, before a provider that supports none.
struct IdempotencyKeyTests {
    private static let target = "/memory_bank/insert?bank_uuid=one"

    @Test(
        "a key that is empty, too long, not visible ASCII or there twice is 400",
        arguments: [
            "Idempotency-Key:\r\n", "Idempotency-Key: a b\r\n", "Idempotency-Key: é\r\n",
            "Idempotency-Key: \(String(repeating: "k", count: 256))\r\n",
            "Idempotency-Key: a\r\nIdempotency-Key: a\r\n",
        ])
    func bad(headers: String) async throws {
        try await withFront { front in
            let reply = try await front.ask("POST", Self.target, "[]", headers: headers)
            expect(reply, 400, field: "idempotency_key", headers)
            #expect(reply.code == "bad_request")
            #expect(front.received.count == 0)
        }
    }

    @Test("a provider that does not support the key is not asked: 400 says so, on what reads too")
    func unsupported() async throws {
        try await withFront { front in
            for (verb, target, body) in [("POST", Self.target, "[]"), ("GET", "/memory_banks/get", nil)] {
                let key = "Idempotency-Key: \(String(repeating: "~", count: 255))\r\n"
                let reply = try await front.ask(verb, target, body, headers: key)
                expect(reply, 400, field: "idempotency_key", target)
                #expect(reply.code == "unsupported_option")
                #expect(reply.message.hasPrefix("idempotency_key is not supported by inline::scripted for"))
            }
            #expect(front.received.count == 0)
        }
    }
}
