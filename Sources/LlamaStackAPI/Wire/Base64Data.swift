/// Bytes, over the wire a base64 string (RFC 4648, section 4, with padding and without line breaks).
public struct Base64Data: WireValue, Hashable, ExpressibleByArrayLiteral {
    /// The decoded bytes.
    public var bytes: [UInt8]

    /// Wraps bytes; any are allowed.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    /// The bytes of a literal: `[0x68, 0x69]`.
    public init(arrayLiteral elements: UInt8...) { bytes = elements }

    /// A string with the content encoding base64.
    public static var schema: Schema { .string(contentEncoding: "base64") }
    /// The base64 text, with padding.
    public var json: JSON { .string(Base64.text(bytes)) }
    /// Appends the base64 text in quotes without building a string first.
    public func write(to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        Base64.append(bytes, to: &text)
        text.append(UInt8(ascii: "\""))
    }

    /// The base64 text in quotes.
    public func measure(_ bytesLeft: inout Int) { bytesLeft -= (bytes.count + 2) / 3 * 4 + 2 }

    /// Throws a ``WireError`` for anything but base64 with padding, without line breaks and without stray bits.
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
            bytes.withUnsafeBufferPointer { encode($0[...], to: buffer[...]) }
        }
    }

    /// In pieces that fit the stack.
    static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
        let piece = 3072
        text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
        bytes.withUnsafeBufferPointer { bytes in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: piece / 3 * 4) { buffer in
                for start in stride(from: 0, to: bytes.count, by: piece) {
                    let count = encode(bytes[start..<min(start + piece, bytes.count)], to: buffer[...])
                    text.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[..<count]))
                }
            }
        }
    }

    /// Writes (n + 2) / 3 * 4 characters, and answers that count.
    private static func encode(
        _ bytes: Slice<UnsafeBufferPointer<UInt8>>, to text: Slice<UnsafeMutableBufferPointer<UInt8>>
    )
        -> Int
    {
        guard let from = UnsafeBufferPointer(rebasing: bytes).baseAddress, !bytes.isEmpty,
            let start = UnsafeMutableBufferPointer(rebasing: text).baseAddress
        else { return 0 }
        return alphabet.withUnsafeBufferPointer { digits in
            var out = start
            let whole = bytes.count / 3 * 3
            for index in stride(from: 0, to: whole, by: 3) {
                let group = UInt32(from[index]) << 16 | UInt32(from[index + 1]) << 8 | UInt32(from[index + 2])
                out[0] = digits[Int(group >> 18)]
                out[1] = digits[Int(group >> 12 & 63)]
                out[2] = digits[Int(group >> 6 & 63)]
                out[3] = digits[Int(group & 63)]
                out += 4
            }
            if whole < bytes.count {
                let hasTwo = whole + 1 < bytes.count
                let group = UInt32(from[whole]) << 16 | (hasTwo ? UInt32(from[whole + 1]) << 8 : 0)
                out[0] = digits[Int(group >> 18)]
                out[1] = digits[Int(group >> 12 & 63)]
                out[2] = hasTwo ? digits[Int(group >> 6 & 63)] : padding
                out[3] = padding
                out += 4
            }
            return out - start
        }
    }

    /// nil when a character is foreign, padding is missing or misplaced, or the bits that padding cuts off are not 0.
    static func bytes(_ text: String) -> [UInt8]? {
        var text = text
        // Looked up once: in the loop it would be once a character.
        let values = values
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
