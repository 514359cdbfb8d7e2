import Foundation

/// Text that needs neither a parser nor a conversion.
enum PlainText {
    /// nil when something else has to find out what it is in.
    static func read(_ content: Data, charset: String?) -> String? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if content.starts(with: mark) { return String(decoding: content.dropFirst(3), as: UTF8.self) }
        switch charset {
        case "utf-8", "utf8":
            // Another mark is stronger than what was declared.
            if content.starts(with: [0xFF, 0xFE]) || content.starts(with: [0xFE, 0xFF]) { return nil }
            return String(decoding: content, as: UTF8.self)
        case nil, "us-ascii", "ascii":
            return content.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return "" }
                if memchr(start, 0, bytes.count) != nil, isWide(bytes) { return nil }
                return String(validating: bytes, as: UTF8.self)
            }
        default: return nil
        }
    }

    /// Whether it may be UTF-16 or UTF-32: Latin letters in them are valid UTF-8, half and more of it zeros, and a
    /// stray U+0000 in a text is rare.
    private static func isWide(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count { $0 == 0 } > bytes.count / 4
    }
}
