/// Finds out that bytes are no longer what they were, or not those of another time.
///
/// Each step is one-to-one in the state and in the word, so a change within one eight-byte word is always seen, and any
/// other one but for a chance of 1 in 2^64. No protection against those who change bytes on purpose.
package struct Checksum {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    package init() {}

    package var value: Int64 { Int64(bitPattern: state) }

    /// The length goes in as well: "ab", "c" differs from "a", "bc".
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        add(UInt64(bytes.count))
        let whole = bytes.count & ~7
        for offset in stride(from: 0, to: whole, by: 8) {
            add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
        var rest: UInt64 = 0
        for byte in bytes[whole...] { rest = rest << 8 | UInt64(byte) }
        add(rest)
    }

    private mutating func add(_ word: UInt64) {
        state = (state ^ word) &* 0xD6E8_FEB8_6659_FD93
        state ^= state >> 32
    }
}
