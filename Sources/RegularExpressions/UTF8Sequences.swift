/// Ranges of Unicode scalars as sequences of byte ranges of UTF-8.
enum UTF8Sequences {
    /// The bytes of a scalar's UTF-8.
    static func length(of scalar: UInt32) -> Int { scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4 }

    /// Each a list of one to four ranges, one for each byte; together they are the range's scalars, in order.
    static func sequences(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
        var found: [[ClosedRange<UInt8>]] = []
        var open = [range]
        next: while let range = open.popLast() {
            let (low, high) = (range.lowerBound, range.upperBound)
            // Apart where the length changes.
            for last in [UInt32(0x7F), 0x7FF, 0xFFFF] where low <= last && last < high {
                open.append(last + 1...high)
                open.append(low...last)
                continue next
            }
            // Apart where a byte's range would not be whole for those before it.
            for byte in 1..<4 where length(of: low) > byte {
                let rest = (UInt32(1) << UInt32(6 * byte)) - 1
                guard low & ~rest != high & ~rest else { continue }
                if low & rest != 0 {
                    open.append((low | rest) + 1...high)
                    open.append(low...low | rest)
                    continue next
                }
                if high & rest != rest {
                    open.append(high & ~rest...high)
                    open.append(low...(high & ~rest) - 1)
                    continue next
                }
            }
            found.append(zip(bytes(low), bytes(high)).map { $0...$1 })
        }
        return found
    }

    private static func bytes(_ scalar: UInt32) -> [UInt8] {
        switch length(of: scalar) {
        case 1: [UInt8(scalar)]
        case 2: [0xC0 | UInt8(scalar >> 6), tail(scalar, 0)]
        case 3: [0xE0 | UInt8(scalar >> 12), tail(scalar, 1), tail(scalar, 0)]
        default: [0xF0 | UInt8(scalar >> 18), tail(scalar, 2), tail(scalar, 1), tail(scalar, 0)]
        }
    }

    private static func tail(_ scalar: UInt32, _ index: UInt32) -> UInt8 { 0x80 | UInt8(scalar >> (6 * index) & 0x3F) }
}
