import Foundation

/// `data:[type][;base64],bytes` (RFC 2397).
package enum DataURL {
    /// Throws a ``DatasetError``.
    package static func content(_ url: String) throws -> DatasetContent {
        let rest = url.utf8.dropFirst("data:".utf8.count)
        guard let comma = rest.firstIndex(of: UInt8(ascii: ",")) else {
            throw DatasetError("must be data:[type][;base64],BYTES: there is no comma")
        }
        let head = String(decoding: rest[..<comma], as: UTF8.self).lowercased()
        let body = String(decoding: rest[rest.index(after: comma)...], as: UTF8.self)
        var words = head.split(separator: ";", omittingEmptySubsequences: false)
        let isBase64 = words.last == "base64"
        if isBase64 { words.removeLast() }
        let bytes: [UInt8]
        if isBase64 {
            guard let data = Data(base64Encoded: body) else {
                throw DatasetError("must be base64 after the comma, with padding")
            }
            bytes = [UInt8](data)
        } else {
            bytes = try unescaped(body)
        }
        let type = words.first.map(String.init) ?? ""
        let form = RowForm(mediaType: type)
        guard form != nil || ["", "text/plain", "application/octet-stream"].contains(type) else {
            throw DatasetError("must be application/jsonl, application/json or text/csv, got '\(type.prefix(64))'")
        }
        return DatasetContent(source: .bytes(bytes), form: form)
    }

    /// Foundation's own takes UTF-8 only.
    private static func unescaped(_ text: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var digits = text.utf8.makeIterator()
        while let byte = digits.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = digits.next().flatMap(hex), let low = digits.next().flatMap(hex) else {
                throw DatasetError("must have two hexadecimal digits after each %")
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
