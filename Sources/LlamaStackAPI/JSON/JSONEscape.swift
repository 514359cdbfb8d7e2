/// The backslash escapes of JSON strings, both ways.
enum JSONEscape {
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// `raw` has been through the lexer: every escape is whole and every surrogate has its other half.
    static func decode(_ raw: UnsafeRawBufferPointer) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            let next = raw[index]
            guard next == 0x5C else {
                bytes.append(next)
                index += 1
                continue
            }
            let kind = raw[index + 1]
            index += 2
            switch kind {
            case 0x62: bytes.append(0x08)
            case 0x66: bytes.append(0x0C)
            case 0x6E: bytes.append(0x0A)
            case 0x72: bytes.append(0x0D)
            case 0x74: bytes.append(0x09)
            case 0x75:
                var scalar = codeUnit(raw, at: index)
                index += 4
                if scalar & 0xF800 == 0xD800 {
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + codeUnit(raw, at: index + 2) & 0x3FF
                    index += 6
                }
                bytes.append(contentsOf: String(UnicodeScalar(scalar) ?? "\u{FFFD}").utf8)
            default: bytes.append(kind)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func codeUnit(_ raw: UnsafeRawBufferPointer, at index: Int) -> UInt32 {
        raw[index..<index + 4].reduce(0) { $0 << 4 | UInt32(hexValue($1) ?? 0) }
    }

    /// Quotes, backslashes and control characters escaped, everything else as it is.
    static func encode(_ string: String, into bytes: inout [UInt8]) {
        var string = string
        bytes.append(0x22)
        string.withUTF8 { text in
            var plain = 0
            for index in text.indices {
                let next = text[index]
                guard next < 0x20 || next == 0x22 || next == 0x5C else { continue }
                bytes.append(contentsOf: text[plain..<index])
                plain = index + 1
                bytes.append(0x5C)
                switch next {
                case 0x22, 0x5C: bytes.append(next)
                case 0x08: bytes.append(0x62)
                case 0x0C: bytes.append(0x66)
                case 0x0A: bytes.append(0x6E)
                case 0x0D: bytes.append(0x72)
                case 0x09: bytes.append(0x74)
                default:
                    let digits = Array("0123456789abcdef".utf8)
                    bytes.append(contentsOf: [0x75, 0x30, 0x30, digits[Int(next >> 4)], digits[Int(next & 15)]])
                }
            }
            bytes.append(contentsOf: text[plain...])
        }
        bytes.append(0x22)
    }
}
