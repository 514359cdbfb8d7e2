import LlamaStackAPI

/// A document that follows from its id and version alone, so that every byte of it can be computed.
package enum Workload {
    package static func document(_ id: String, version: Int, bytes: Int? = nil, isText: Bool = true)
        -> MemoryBankDocument
    {
        var random = SplitMix(seed: id.utf8.reduce(UInt64(version)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
        let count = bytes ?? Int(random.next() % 3000)
        let letters = Array("abcdefghijklmnopqrstuvwxyz      ".utf8)
        let content = (0..<count).map { _ -> UInt8 in
            let value = random.next()
            return isText ? letters[Int(value % 32)] : UInt8(truncatingIfNeeded: value)
        }
        return MemoryBankDocument(
            uuid: id, content: Base64Data(content), metadata: ["version": .integer(Int64(version))],
            mimeType: isText ? "text/plain" : "application/octet-stream")
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed, everywhere.
package struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
