import Foundation
import RawHTTP
import Testing

/// Valid requests with random damage. The seed is printed; LLAMA_STACK_FUZZ_SEED repeats a run and
/// LLAMA_STACK_FUZZ_COUNT lengthens it.
struct FuzzTests {
    @Test("no damage to a request takes the server down or gets a 500 out of it", .timeLimit(.minutes(10)))
    func damage() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["LLAMA_STACK_FUZZ_SEED"].flatMap(UInt64.init) ?? 20_240_711
        let count = environment["LLAMA_STACK_FUZZ_COUNT"].flatMap(Int.init) ?? 1500
        print("HTTP fuzz: seed \(seed), \(count) requests")
        try await withFront {
            ($0.limits.headerTimeoutSeconds, $0.limits.idleTimeoutSeconds) = (2, 2)
        } _: { front in
            try await withThrowingTaskGroup { group in
                for lane in 0..<4 {
                    group.addTask {
                        try await raw {
                            var random = SplitMix(state: seed &+ UInt64(lane) &* 0x9E37)
                            for number in 0..<count / 4 {
                                let request = Damage.request(port: front.port, &random)
                                let connection = try front.connect()
                                connection.raw.send(request)
                                connection.raw.shutdownWriting()
                                let answer = connection.raw.readAll().text
                                let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
                                let shown = String(decoding: request, as: UTF8.self).debugDescription
                                #expect(
                                    status.map { $0 < 500 } ?? answer.isEmpty,
                                    "seed \(seed) lane \(lane) number \(number): \(shown) → \(answer.prefix(300))")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let reply = try await front.ask("GET", "/health/live")
            #expect(reply.status == 200)
        }
    }
}

/// A small generator whose numbers are the same everywhere (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

private enum Damage {
    /// A whole request, or two, with one to four places damaged.
    static func request(port: Int, _ random: inout SplitMix) -> [UInt8] {
        let form = ChatForm.allCases.randomElement(using: &random) ?? .draft
        let body = form.body("hello there", stream: Bool.random(using: &random))
        let host = "Host: 127.0.0.1:\(port)\r\n"
        let post = "POST \(form.path) HTTP/1.1\r\n\(host)Content-Type: application/json\r\n"
        let whole = [
            post + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)",
            post + "Transfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n",
            "GET /v1/models/a%2Fb HTTP/1.1\r\n\(host)Accept: application/json\r\n\r\n",
            "GET /datasets/get?dataset_id=a%20b HTTP/1.1\r\n\(host)Accept: application/json\r\n\r\n",
            "GET /memory_bank/get?bank_uuid=b&document_uuids=x&document_uuids=y HTTP/1.1\r\n\(host)Connection: close\r\n\r\n",
            "GET /post_training/job/logs?job_uuid=j HTTP/1.1\r\n\(host)\r\n",
            post + "Expect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)",
        ]
        var bytes = Array((whole.randomElement(using: &random) ?? "").utf8)
        if Int.random(in: 0..<4, using: &random) == 0 {
            bytes += Array((whole.randomElement(using: &random) ?? "").utf8)
        }
        for _ in 0..<Int.random(in: 1...4, using: &random) { damage(&bytes, &random) }
        return bytes
    }

    private static let words = [
        "\r\n", "\n", "\r", "\0", ":", " ", "\t", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n",
        "Host: x\r\n", "%", "%00", "%ff",
        "&", "=", "?", "{", "}", "[", "\"", "\\u0000", "null", "1e999", "-", "ffffffffffffffff", "HTTP/1.0", "..", "/",
        "é", "\u{FEFF}",
        "Connection: upgrade\r\nUpgrade: h2c\r\n", "Expect: x\r\n", "Connection: close\r\n",
    ]

    private static func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 1...20, using: &random))
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4: bytes.insert(contentsOf: Array((words.randomElement(using: &random) ?? "").utf8), at: place)
        case 5: bytes.removeSubrange(place...)
        default:
            bytes.insert(
                contentsOf: [UInt8](repeating: bytes[place], count: Int.random(in: 1...2000, using: &random)), at: place
            )
        }
    }
}
