import Foundation

/// What a document says, by its media type.
package enum DocumentText {
    private enum Form {
        case plain, html, markdown
    }

    package static func canRead(_ mimeType: String) -> Bool {
        guard let type = MediaType(mimeType) else { return false }
        return form(type) != nil && encoding(type) != nil
    }

    /// nil when there is no text that we can read. Bytes that are none in the stated character set become U+FFFD.
    package static func read(_ content: Data, _ mimeType: String) -> String? {
        guard let type = MediaType(mimeType), let form = form(type), let encoding = encoding(type) else { return nil }
        let text: String
        if encoding == .utf8 {
            let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
            text = String(decoding: content.starts(with: mark) ? content.dropFirst(3) : content, as: UTF8.self)
        } else {
            guard let decoded = String(data: content, encoding: encoding) else { return nil }
            text = decoded
        }
        switch form {
        case .plain: return text
        case .html: return HTMLText.read(text)
        case .markdown: return MarkdownText.read(text)
        }
    }

    private static func form(_ type: MediaType) -> Form? {
        switch type.name {
        case "text/html", "application/xhtml+xml": .html
        case "text/markdown", "text/x-markdown": .markdown
        case "application/json", "application/jsonl", "application/x-ndjson", "application/xml", "application/yaml",
            "application/x-yaml", "application/toml", "application/javascript", "application/sql", "application/x-sh":
            .plain
        default:
            type.name.hasPrefix("text/") || type.name.hasSuffix("+json") || type.name.hasSuffix("+xml") ? .plain : nil
        }
    }

    /// nil when we do not know the character set.
    private static func encoding(_ type: MediaType) -> String.Encoding? {
        switch type.charset ?? "utf-8" {
        case "utf-8", "utf8", "us-ascii", "ascii": .utf8
        case "iso-8859-1", "latin1": .isoLatin1
        case "windows-1252", "cp1252": .windowsCP1252
        case "utf-16": .utf16
        case "utf-16le": .utf16LittleEndian
        case "utf-16be": .utf16BigEndian
        default: nil
        }
    }
}

/// `text/html; charset=utf-8`, taken apart.
package struct MediaType: Equatable {
    /// In lower case, without parameters.
    package var name: String
    var charset: String?

    /// nil for what is no media type.
    package init?(_ text: String) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        guard let name = parts.first, name.split(separator: "/", omittingEmptySubsequences: false).count == 2,
            !name.hasPrefix("/"), !name.hasSuffix("/")
        else { return nil }
        self.name = name
        for part in parts.dropFirst() where part.hasPrefix("charset=") {
            charset = part.dropFirst(8).trimmingCharacters(in: CharacterSet(charactersIn: "\"' "))
        }
    }
}
