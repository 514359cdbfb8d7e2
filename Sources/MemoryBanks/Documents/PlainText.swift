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
            // UTF-16 of Latin letters is valid UTF-8, half of it zeros.
            return content.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return "" }
                return memchr(start, 0, bytes.count) == nil ? String(validating: bytes, as: UTF8.self) : nil
            }
        default: return nil
        }
    }
}
