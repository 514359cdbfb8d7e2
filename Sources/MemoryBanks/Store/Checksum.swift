import ProviderKit

extension Checksum {
    /// The checksum of a stored document: SQLite itself does not check its pages, and PostgreSQL only where that was
    /// asked for.
    package static func of(_ content: [UInt8], _ metadata: [UInt8], _ mimeType: String) -> Int64 {
        var mimeType = mimeType
        return content.withUnsafeBytes { content in
            metadata.withUnsafeBytes { metadata in
                mimeType.withUTF8 { of(content, metadata, UnsafeRawBufferPointer($0)) }
            }
        }
    }

    package static func of(
        _ content: UnsafeRawBufferPointer, _ metadata: UnsafeRawBufferPointer, _ mimeType: UnsafeRawBufferPointer
    ) -> Int64 {
        var checksum = Checksum()
        checksum.add(content)
        checksum.add(metadata)
        checksum.add(mimeType)
        return checksum.value
    }
}
