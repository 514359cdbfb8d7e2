/// Addresses: of people, and of machines.
extension SensitiveRule {
    /// The addresses that people use of those that RFC 5321 has: 64 bytes before the @, 255 behind it.
    static let email = SensitiveRule(
        .email,
        #"[\#(local)](?:[\#(local).]{0,62}[\#(local)])?@(?:[\#(name)](?:[\#(name)-]{0,30}[\#(name)])?\.){1,4}[\#(top)]{2,24}"#,
        bytesMax: 254,
        mayBegin: { text, start in
            guard let byte = start > 0 ? text[start - 1] : nil else { return true }
            return byte < 0x80 ? !isWord(byte) && !".+-%".utf8.contains(byte) : !isLetter(before: text, start)
        },
        mayEnd: { text, end in
            guard end < text.count else { return true }
            return text[end] < 0x80 ? !isWord(text[end]) : !isLetter(text, at: end)
        },
        accepts: { match in
            match.first != UInt8(ascii: "/") && !zip(match, match.dropFirst()).contains { $0 == 0x2E && $1 == 0x2E }
        })

    private static let top = #"a-zA-Z\u00c0-\u1fff\u2c00-\u2dff\u3040-\ud7ff"#
    private static let name = "0-9" + top
    private static let local = #"_!#$%&'*+/=?^`{|}~"# + name + #"\-"#

    /// A letter beyond ASCII, as the classes above have it: no punctuation.
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xC0...0x1FFF, 0x2C00...0x2DFF, 0x3040...0xD7FF: true
        default: false
        }
    }

    private static func isLetter(before text: [UInt8], _ end: Int) -> Bool {
        var start = end - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        return isLetter(text, at: start)
    }

    private static func isLetter(_ text: [UInt8], at start: Int) -> Bool {
        String(decoding: text[start..<min(start + 4, text.count)], as: UTF8.self).unicodeScalars.first.map(isLetter)
            ?? false
    }

    private static let octet = #"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"#

    /// A number with more parts, as of a version, is none.
    static let ipv4 = SensitiveRule(
        .ip, "\(octet)(?:\\.\(octet)){3}",
        mayBegin: { text, start in
            isBesideNoWord(before: text, start) && !(start > 1 && text[start - 1] == 0x2E && isDigit(text[start - 2]))
        },
        mayEnd: { text, end in
            isBesideNoWord(text, after: end) && !(end + 1 < text.count && text[end] == 0x2E && isDigit(text[end + 1]))
        })

    /// RFC 4291, section 2.2. One without a digit is a name of a program as often, and is left alone.
    static let ipv6 = SensitiveRule(
        .ip, #"[0-9a-f:][0-9a-f:.]{1,43}[0-9a-f:]"#, ignoresCase: true,
        mayBegin: { text, start in isBesideNoWord(before: text, start) && (start == 0 || text[start - 1] != 0x3A) },
        mayEnd: { text, end in isBesideNoWord(text, after: end) && (end == text.count || text[end] != 0x3A) },
        accepts: { match in match.contains(where: isDigit) && isIPv6(match) })

    private static func isIPv6(_ text: ArraySlice<UInt8>) -> Bool {
        var groups = text.split(separator: 0x3A, omittingEmptySubsequences: false)
        guard groups.count >= 3 else { return false }
        // Two colons at an end are two empty groups, of which one stands for the zeros.
        if groups[0].isEmpty {
            guard groups[1].isEmpty else { return false }
            groups.removeFirst()
        }
        if let last = groups.last, last.isEmpty {
            guard groups[groups.count - 2].isEmpty else { return false }
            groups.removeLast()
        }
        var count = 0
        for (index, group) in groups.enumerated() where !group.isEmpty {
            if group.contains(0x2E) {
                guard index == groups.count - 1, isIPv4(group) else { return false }
                count += 2
            } else {
                guard group.count <= 4 else { return false }
                count += 1
            }
        }
        let gaps = groups.count(where: \.isEmpty)
        return gaps == 0 ? count == 8 : gaps == 1 && count <= 7
    }

    private static func isIPv4(_ text: ArraySlice<UInt8>) -> Bool {
        let parts = text.split(separator: 0x2E, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.count <= 3 && part.allSatisfy(isDigit) && UInt8(String(decoding: part, as: UTF8.self)) != nil
            }
    }
}
