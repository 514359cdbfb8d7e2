import Foundation
import ProviderKit

/// A document that was checked, in the format in which it is stored.
package struct DocumentRow: Sendable {
    package let uuid: String
    package let content: [UInt8]
    package let metadata: Data
    package let mimeType: String
    package let checksum: Int64
    package let state: DocumentState
    /// Why it is not indexed, where that is known at once. nil also for a type that is never read: its status says so
    /// without a note.
    package let reason: String?
    package let effort: TextEffort

    /// - Parameter isFetching: whether a document that is a URL gets its text from there.
    package init(
        _ document: MemoryBankDocument, at field: String, metadataBytesMax: Int, reader: DocumentReader,
        isFetching: Bool = false
    ) throws {
        guard (1...255).contains(document.mimeType.utf8.count) else {
            throw ProviderError(
                .invalidRequest, "\(field).mime_type must be 1 to 255 bytes, got \(document.mimeType.utf8.count)",
                field: "\(field).mime_type")
        }
        let metadata = document.metadata.json.bytes
        guard metadata.count <= metadataBytesMax else {
            throw ProviderError(
                .invalidRequest,
                "\(field).metadata is \(metadata.count) bytes of JSON, and metadata_bytes_max is \(metadataBytesMax)",
                field: "\(field).metadata")
        }
        uuid = document.uuid
        content = document.content.bytes
        self.metadata = Data(metadata)
        mimeType = document.mimeType
        checksum = Checksum.of(document.content.bytes, metadata, mimeType)
        let isRemote = isFetching && URLDocument.isOne(mimeType)
        let kind = DocumentKind(mimeType, content)
        let refusal = isRemote ? nil : reader.refusal(kind)
        state = isRemote ? .remote : refusal?.state ?? .pending
        reason = kind.format == nil ? nil : refusal?.reason
        effort = kind.effort(bytes: content.count)
    }
}
