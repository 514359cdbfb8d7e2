/// The printable alphabet in which byte-level vocabularies write bytes (GPT-2, Radford et al. 2019): a visible
/// Latin-1 character stands for itself, the other 68 byte values take U+0100 and up, in order.
enum ByteAlphabet {
    /// byte → scalar value, and back: index is the scalar value, -1 where no byte is written so.
    static let scalars: [UInt16] = {
        var next: UInt16 = 0x100
        return (0..<256).map { byte in
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE { return UInt16(byte) }
            defer { next += 1 }
            return next
        }
    }()

    static let bytes: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar)] = Int16(byte) }
        return table
    }()

    /// Writes the bytes that `spelling` (UTF-8) stands for at `out`, which has room for `spelling.count`, and
    /// answers how many. Nil when a character is not of the alphabet: such a token means its own UTF-8.
    static func decode(
        _ spelling: UnsafeBufferPointer<UInt8>, into out: UnsafeMutablePointer<UInt8>,
        using table: UnsafeBufferPointer<Int16>
    ) -> Int? {
        var count = 0
        var index = 0
        while index < spelling.count {
            var scalar = Int(spelling[index])
            index += 1
            if scalar >= 0x80 {
                // The alphabet ends at U+0143, so it needs two bytes of UTF-8 at most: C2...C5, then 80...BF.
                guard (0xC2...0xC5).contains(scalar), index < spelling.count, spelling[index] & 0xC0 == 0x80 else {
                    return nil
                }
                scalar = (scalar & 0x1F) << 6 | Int(spelling[index] & 0x3F)
                index += 1
            }
            guard scalar < table.count, table[scalar] >= 0 else { return nil }
            out[count] = UInt8(truncatingIfNeeded: table[scalar])
            count += 1
        }
        return count
    }
}
