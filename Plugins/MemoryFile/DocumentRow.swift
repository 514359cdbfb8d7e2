import Documents
import Foundation
import ProviderKit

/// A document that was checked, in the form in which it is stored.
struct DocumentRow: Sendable {
    let uuid: String
    let content: Data
    let metadata: Data
    let mimeType: String
    let checksum: Int64
    let state: DocumentState

    /// - Parameter isFetching: whether a document that is a URL gets its text from there.
    init(
        _ document: MemoryBankDocument, at field: String, metadataBytesMax: Int, reader: DocumentReader,
        isFetching: Bool
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
                "\(field).metadata must be at most \(metadataBytesMax) bytes of JSON, got \(metadata.count)",
                field: "\(field).metadata")
        }
        uuid = document.uuid
        content = Data(document.content.bytes)
        self.metadata = Data(metadata)
        mimeType = document.mimeType
        checksum = Checksum.of(document.content.bytes, metadata, mimeType)
        let isRemote = isFetching && URLDocument.isOne(mimeType)
        state = isRemote ? .remote : reader.canRead(mimeType) ? .pending : .notIndexed
    }
}
