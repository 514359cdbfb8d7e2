import RawHTTP

/// Abusive requests, drawn from a seed.
struct Abuse {
    struct Attack {
        var name: String
        var bytes: [UInt8]
    }

    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(state: seed) }

    mutating func next(port: Int) -> Attack {
        let body = Array(#"{"model":"llama3_8b","content":"Hello","max_tokens":2,"sampling_params":{"top_k":0}}"#.utf8)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return Attack(name: "random bytes", bytes: bytes(Int.random(in: 1...5000, using: &random)))
        case 1: return attack("random body", bytes(Int.random(in: 0...5000, using: &random)), port)
        case 2: return attack("mutated body", mutated(body), port)
        case 3: return attack("cut body", Array(body.prefix(Int.random(in: 0..<body.count, using: &random))), port)
        case 4:
            let depth = Int.random(in: 50...100_000, using: &random)
            return attack("nested \(depth) deep", Array(repeating: UInt8(ascii: "["), count: depth), port)
        case 5:
            // Says that more comes than does.
            let head = RawClient.head(
                "/inference/completion", Int.random(in: 100...Int.max, using: &random), port: port)
            return Attack(name: "wrong length", bytes: head + body)
        case 6:
            let path = "/" + bytes(Int.random(in: 1...9000, using: &random)).map { String($0, radix: 16) }.joined()
            return Attack(
                name: "long path", bytes: Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
        default:
            let head = mutated(RawClient.head("/inference/completion", body.count, port: port))
            return Attack(name: "mutated head", bytes: head + body)
        }
    }

    private func attack(_ name: String, _ body: [UInt8], _ port: Int) -> Attack {
        Attack(name: name, bytes: RawClient.head("/inference/completion", body.count, port: port) + body)
    }

    private mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        return bytes
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
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
