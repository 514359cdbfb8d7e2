/// Bytes as gzip (RFC 1952) has them. Repeats are found with a table of three-byte beginnings, and all is written in
/// one block with the fixed codes of RFC 1951: text becomes less than half, and no library is needed for it.
struct Gzip {
    private static let chainMax = 64
    private static let windowBytes = 32768
    private static let lengths = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let distances = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]

    private var output: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]
    private var pending: UInt64 = 0
    private var pendingBits = 0

    static func pack(_ bytes: [UInt8]) -> [UInt8] {
        var gzip = Gzip()
        // The last block, with fixed codes.
        gzip.write(0b011, bits: 3)
        gzip.deflate(bytes)
        gzip.symbol(256)
        gzip.write(0, bits: (8 - gzip.pendingBits % 8) % 8)
        for value in [checksum(bytes), UInt32(truncatingIfNeeded: bytes.count)] {
            gzip.write(UInt64(value), bits: 32)
        }
        return gzip.output
    }

    private mutating func deflate(_ bytes: [UInt8]) {
        // The newest place of each beginning, and the place before each place.
        var newest: [UInt32: Int] = [:]
        var before = [Int](repeating: -1, count: bytes.count)
        var place = 0
        while place < bytes.count {
            let (length, distance) = Self.repeatAt(place, in: bytes, newest, before)
            if length > 0 {
                write(length: length, distance: distance)
            } else {
                symbol(Int(bytes[place]))
            }
            for passed in place..<place + max(length, 1) where passed + 2 < bytes.count {
                let key = Self.key(bytes, passed)
                before[passed] = newest.updateValue(passed, forKey: key) ?? -1
            }
            place += max(length, 1)
        }
    }

    /// The longest text before a place that stands there again; of length 0 where none has three bytes.
    private static func repeatAt(
        _ place: Int, in bytes: [UInt8], _ newest: [UInt32: Int], _ before: [Int]
    ) -> (length: Int, distance: Int) {
        var best = (length: 0, distance: 0)
        guard place + 2 < bytes.count else { return best }
        let most = min(258, bytes.count - place)
        var candidate = newest[key(bytes, place)] ?? -1
        for _ in 0..<chainMax where candidate >= 0 && place - candidate <= windowBytes {
            var length = 0
            while length < most, bytes[candidate + length] == bytes[place + length] { length += 1 }
            if length > best.length { best = (length, place - candidate) }
            candidate = before[candidate]
        }
        return best
    }

    private static func key(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        UInt32(bytes[place]) << 16 | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2])
    }

    private mutating func write(length: Int, distance: Int) {
        let code = Self.lengths.lastIndex { $0 <= length } ?? 0
        symbol(257 + code)
        // The length 258 has a code of its own.
        write(UInt64(length - Self.lengths[code]), bits: code == 28 ? 0 : max(0, code / 4 - 1))
        let far = Self.distances.lastIndex { $0 <= distance } ?? 0
        writeCode(UInt64(far), bits: 5)
        write(UInt64(distance - Self.distances[far]), bits: max(0, far / 2 - 1))
    }

    /// A byte, 256 for the end, or 257 and more for a length.
    private mutating func symbol(_ value: Int) {
        switch value {
        case ..<144: writeCode(UInt64(0x30 + value), bits: 8)
        case ..<256: writeCode(UInt64(0x190 + value - 144), bits: 9)
        case ..<280: writeCode(UInt64(value - 256), bits: 7)
        default: writeCode(UInt64(0xC0 + value - 280), bits: 8)
        }
    }

    /// Codes begin with their highest bit; everything else begins with the lowest.
    private mutating func writeCode(_ code: UInt64, bits: Int) {
        var reversed: UInt64 = 0
        for bit in 0..<bits where code >> bit & 1 == 1 { reversed |= 1 << (bits - 1 - bit) }
        write(reversed, bits: bits)
    }

    private mutating func write(_ value: UInt64, bits: Int) {
        pending |= value << pendingBits
        pendingBits += bits
        while pendingBits >= 8 {
            output.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            pendingBits -= 8
        }
    }

    /// CRC-32, bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
    }
}
