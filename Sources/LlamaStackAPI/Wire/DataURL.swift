/// The content of a `data:` URL (RFC 2397): its media type and its bytes.
package struct DataURL: Sendable, Equatable {
    /// The reason why a URL is not a data: URL, to be read after its name.
    package struct Mistake: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// In small letters, without parameters; empty when the URL names none.
    package var mediaType: String
    /// The parameter `charset`, in small letters.
    package var charset: String?
    package var bytes: [UInt8]

    /// As a header would name it.
    package var contentType: String {
        (mediaType.isEmpty ? "text/plain" : mediaType) + (charset.map { "; charset=\($0)" } ?? "")
    }

    /// Schemes are written in capitals too (RFC 3986, 3.1). By bytes: what follows may join the colon to one character.
    package static func isOne(_ url: String) -> Bool {
        url.utf8.prefix(scheme.utf8.count).elementsEqual(scheme.utf8) {
            $0 == $1 || (0x41...0x5A).contains($0) && $0 + 0x20 == $1
        }
    }

    private static let scheme = "data:"

    /// - Parameter url: one for which `isOne` is true.
    package init(_ url: String) throws(Mistake) {
        let rest = url.utf8.dropFirst(Self.scheme.utf8.count)
        guard let comma = rest.firstIndex(of: UInt8(ascii: ",")) else {
            throw Mistake(description: "must be data:[type][;base64],BYTES: there is no comma")
        }
        let body = rest[rest.index(after: comma)...]
        guard !rest.contains(UInt8(ascii: "#")) else {
            throw Mistake(description: "must have no fragment; write %23 for #")
        }
        var words = String(decoding: rest[..<comma], as: UTF8.self).split(
            separator: ";", omittingEmptySubsequences: false
        ).map { Self.trimmed($0) }
        let isBase64 = words.count > 1 && words.last?.lowercased() == "base64"
        if isBase64 { words.removeLast() }
        mediaType = words.first?.lowercased() ?? ""
        for word in words.dropFirst() where word.lowercased().hasPrefix("charset=") {
            let value = try Self.unescaped(word.dropFirst("charset=".count).utf8)
            charset = String(decoding: value, as: UTF8.self).filter { $0 != "\"" }.lowercased()
        }
        let plain = try Self.unescaped(body)
        bytes = isBase64 ? try Self.base64(plain) : plain
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0 == " " }
        let end = start.lastIndex { $0 != " " }
        return end.map { String(start[...$0]) } ?? ""
    }

    private static func unescaped(_ text: some Sequence<UInt8>) throws(Mistake) -> [UInt8] {
        var bytes: [UInt8] = []
        var digits = text.makeIterator()
        while let byte = digits.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = digits.next().flatMap(hex), let low = digits.next().flatMap(hex) else {
                throw Mistake(description: "must have two hexadecimal digits after each %")
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).isASCII ? Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init) : nil
    }

    /// With or without padding, in the alphabet of either of RFC 4648's sections 4 and 5; white space is left out.
    private static func base64(_ text: [UInt8]) throws(Mistake) -> [UInt8] {
        var digits = text.filter { ![0x20, 0x09, 0x0A, 0x0C, 0x0D].contains($0) }
        let count = digits.count
        while digits.last == UInt8(ascii: "=") { digits.removeLast() }
        let padding = count - digits.count
        guard padding == 0 || count % 4 == 0 && padding <= 2, digits.count % 4 != 1 else {
            throw Mistake(description: "must be base64 after the comma: its end is missing, or '=' too many")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3 + 2)
        var (bits, held) = (UInt32(0), 0)
        for digit in digits {
            guard let value = value(of: digit) else {
                let shown =
                    digit > 0x20 && digit < 0x7F
                    ? "'\(Character(Unicode.Scalar(digit)))'" : "byte 0x" + String(digit, radix: 16)
                throw Mistake(description: "must be base64 after the comma, got \(shown)")
            }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            }
        }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
