/// Bytes, over the wire a base64 string (RFC 4648, section 4, with padding and without line breaks).
public struct Base64Data: WireValue, Hashable, ExpressibleByArrayLiteral {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public init(arrayLiteral elements: UInt8...) { bytes = elements }

    public static var schema: Schema { .string(contentEncoding: "base64") }
    public var json: JSON { .string(Base64.text(bytes)) }

    public init(json: JSON, at path: FieldPath) throws {
        guard case .string(let text) = json else { throw WireError(path, "must be a base64 string, got \(json.kind)") }
        guard let bytes = Base64.bytes(text) else {
            throw WireError(path, "must be base64 (RFC 4648) with padding and without line breaks")
        }
        self.bytes = bytes
    }
}

/// Our own, because Foundation reads `====` as a byte and takes strings whose last bits are lost.
enum Base64 {
    static func text(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { buffer in
            var out = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let left = min(3, bytes.count - start)
                var group = UInt32(bytes[start]) << 16
                if left > 1 { group |= UInt32(bytes[start + 1]) << 8 }
                if left > 2 { group |= UInt32(bytes[start + 2]) }
                for index in 0..<4 {
                    buffer[out + index] = index > left ? padding : alphabet[Int(group >> (18 - 6 * UInt32(index)) & 63)]
                }
                out += 4
            }
            return out
        }
    }

    /// nil when a character is foreign, padding is missing or misplaced, or the bits that padding cuts off are not 0.
    static func bytes(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { characters in
            guard characters.count % 4 == 0 else { return nil }
            let pads = characters.reversed().prefix(2).prefix { $0 == padding }.count
            let digits = characters.count - pads
            var bytes: [UInt8] = []
            bytes.reserveCapacity(characters.count / 4 * 3)
            var bits: UInt32 = 0
            for index in 0..<digits {
                let value = values[Int(characters[index])]
                guard value < 64 else { return nil }
                bits = bits << 6 | UInt32(value)
                if index % 4 == 3 {
                    bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                    bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                    bytes.append(UInt8(truncatingIfNeeded: bits))
                    bits = 0
                }
            }
            switch pads {
            case 1:
                guard bits & 3 == 0 else { return nil }
                bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
            case 2:
                guard bits & 15 == 0 else { return nil }
                bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
            default: break
            }
            return bytes
        }
    }

    private static let padding = UInt8(ascii: "=")
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// The value of each character; 64 for those that have none.
    private static let values: [UInt8] = (0...255).map { character in
        alphabet.firstIndex(of: UInt8(character)).map(UInt8.init) ?? 64
    }
}
