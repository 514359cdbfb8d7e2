import Foundation

/// How the text of a document is written, as far as it can be read.
enum DocumentFormat: Equatable {
    case plain, html, xhtml, markdown, xml, drawing, json, mail, pdf

    /// nil when it is none that can be read.
    init?(_ type: MediaType, _ content: some ContiguousBytes) {
        if let format = Self.byName[type.name] {
            self = format
        } else if Self.unknownTypes.contains(type.name) {
            guard Self.hasPDFMark(content) else { return nil }
            self = .pdf
        } else if Self.noText.contains(type.name) {
            return nil
        } else if type.name.hasSuffix("+json") {
            self = .json
        } else if type.name.hasSuffix("+xml") {
            self = .xml
        } else if type.name.hasPrefix("text/") {
            self = .plain
        } else {
            return nil
        }
    }

    /// Writers put a few bytes before the mark, and readers look for it in the first 1,024.
    private static func hasPDFMark(_ content: some ContiguousBytes) -> Bool {
        content.withUnsafeBytes { bytes in
            let start = bytes.prefix(sniffedBytes)
            return start.indices.contains { start[$0] == UInt8(ascii: "%") && start[$0...].starts(with: "%PDF-".utf8) }
        }
    }

    /// The types of senders that do not know better.
    private static let unknownTypes: Set = [
        "application/octet-stream", "binary/octet-stream", "application/binary", "application/unknown",
        "application/x-download", "application/force-download", "application/download",
    ]
    private static let sniffedBytes = 1024
    /// Markup that would be read as if it were text.
    private static let noText: Set = ["text/rtf", "text/richtext"]

    private static let byName: [String: DocumentFormat] = [
        "text/html": .html, "application/xhtml+xml": .xhtml, "text/markdown": .markdown, "text/x-markdown": .markdown,
        "text/xml": .xml, "application/xml": .xml, "image/svg+xml": .drawing, "application/json": .json,
        "text/json": .json, "application/jsonl": .json, "application/x-jsonl": .json, "application/jsonlines": .json,
        "application/x-ndjson": .json, "application/ndjson": .json, "message/rfc822": .mail, "application/pdf": .pdf,
        "application/x-pdf": .pdf, "text/pdf": .pdf, "text/x-pdf": .pdf, "application/yaml": .plain,
        "application/x-yaml": .plain, "application/toml": .plain, "application/javascript": .plain,
        "application/x-javascript": .plain, "application/sql": .plain, "application/x-sh": .plain,
        "application/x-sql": .plain, "application/x-shellscript": .plain, "application/x-python": .plain,
        "application/x-tex": .plain, "application/x-latex": .plain, "application/csv": .plain,
        "application/typescript": .plain, "application/x-typescript": .plain, "application/ecmascript": .plain,
        "application/x-httpd-php": .plain, "application/x-php": .plain, "application/x-perl": .plain,
        "application/x-ruby": .plain, "application/graphql": .plain, "application/x-subrip": .plain,
        "application/x-ipynb+json": .json,
    ]
}
