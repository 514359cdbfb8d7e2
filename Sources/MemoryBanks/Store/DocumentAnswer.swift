import ProviderKit

/// Documents that are read for one answer, within its limit of bytes.
package struct DocumentAnswer {
    package let bytesMax: Int
    private var bytes = 0
    package private(set) var documents: [MemoryBankDocument] = []

    package init(bytesMax: Int, countMax: Int) {
        self.bytesMax = bytesMax
        documents.reserveCapacity(countMax)
    }

    package var tooLong: ProviderError {
        ProviderError(
            .bodyTooLarge, "the documents hold more bytes than answer_bytes_max (\(bytesMax)); ask for fewer ids at a time")
    }

    /// - Parameter metadata: nil: it is no JSON object.
    /// - Parameter isWhole: whether the columns have the checksum that was stored with them.
    package mutating func add(
        _ uuid: String, _ content: [UInt8], _ metadata: JSONObject?, _ mimeType: String, isWhole: Bool
    ) throws {
        bytes += content.count
        guard bytes <= bytesMax || documents.isEmpty else { throw tooLong }
        guard isWhole, let metadata else {
            throw ProviderError(
                .providerUnavailable, "the document '\(uuid)' is damaged in the database: it is not what was stored")
        }
        documents.append(
            MemoryBankDocument(uuid: uuid, content: Base64Data(content), metadata: metadata, mimeType: mimeType))
    }
}
