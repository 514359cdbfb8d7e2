import Foundation

/// A document that says where its text is: `text/uri-list` (RFC 2483) with one URL. It is kept as it is; what it is
/// found by comes from there.
package enum URLDocument {
    package static func isOne(_ mimeType: String) -> Bool { MediaType(mimeType)?.name == "text/uri-list" }

    /// nil when there is none, or more than one. Lines that begin with # are comments.
    package static func url(in content: some Sequence<UInt8>) -> String? {
        let text = String(decoding: Array(content), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }
        return lines.count == 1 ? String(lines[0]) : nil
    }
}
