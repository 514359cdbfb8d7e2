/// Characters that turn the direction of text (Boucher and Anderson 2021, "Trojan Source").
enum TurnedText {
    /// The line of the first: U+202A to U+202E, U+2066 to U+2069.
    static func line(in bytes: [UInt8]) -> Int? {
        var line = 1
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\n") { line += 1 }
            guard byte == 0xE2, index + 2 < bytes.count else { continue }
            switch (bytes[index + 1], bytes[index + 2]) {
            case (0x80, 0xAA...0xAE), (0x81, 0xA6...0xA9): return line
            default: break
            }
        }
        return nil
    }
}
