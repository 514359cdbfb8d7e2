import ProviderKit

extension Checksum {
    /// Of a stored document: SQLite itself does not check its pages, and PostgreSQL only where that was asked for.
    package static func of(_ content: [UInt8], _ metadata: [UInt8], _ mimeType: String) -> Int64 {
        var checksum = Checksum()
        content.withUnsafeBytes { checksum.add($0) }
        metadata.withUnsafeBytes { checksum.add($0) }
        Array(mimeType.utf8).withUnsafeBytes { checksum.add($0) }
        return checksum.value
    }
}
