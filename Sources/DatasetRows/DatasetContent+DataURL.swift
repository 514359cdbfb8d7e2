import Foundation
import LlamaStackAPI

extension DatasetContent {
    /// The content of a `data:` URL. Throws a ``DatasetError``.
    package init(dataURL url: String) throws {
        let data: DataURL
        do { data = try DataURL(url) } catch { throw DatasetError(error.description) }
        let format = try RowFormat(mediaType: data.mediaType)
        guard format != nil || ["", "text/plain", "application/octet-stream"].contains(data.mediaType) else {
            throw DatasetError(
                "must be application/jsonl, application/json or text/csv, got '\(data.mediaType.prefix(64))'")
        }
        self.init(source: .bytes(try Self.utf8(data.bytes, from: data.charset ?? "utf-8")), format: format)
    }

    /// US-ASCII, the default of RFC 2397, is a part of UTF-8.
    private static func utf8(_ bytes: [UInt8], from charset: String) throws -> [UInt8] {
        if ["utf-8", "utf8", "us-ascii", "ascii", ""].contains(charset) { return bytes }
        guard let encoding = encodings[charset] else {
            throw DatasetError(
                "must be text in UTF-8, got charset '\(charset.prefix(40))'; known are utf-8, "
                    + encodings.keys.sorted().joined(separator: ", "))
        }
        guard let text = String(data: Data(bytes), encoding: encoding) else {
            throw DatasetError("must be text in its charset, '\(charset)'")
        }
        return Array(text.utf8)
    }

    private static let encodings: [String: String.Encoding] = [
        "iso-8859-1": .isoLatin1, "latin1": .isoLatin1, "latin-1": .isoLatin1, "iso-8859-2": .isoLatin2,
        "windows-1250": .windowsCP1250, "windows-1251": .windowsCP1251, "windows-1252": .windowsCP1252,
        "cp1252": .windowsCP1252, "windows-1253": .windowsCP1253, "windows-1254": .windowsCP1254,
        "shift_jis": .shiftJIS, "euc-jp": .japaneseEUC, "utf-16": .utf16, "utf-16le": .utf16LittleEndian,
        "utf-16be": .utf16BigEndian, "utf-32": .utf32,
    ]
}
