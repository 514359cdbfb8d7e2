import Foundation

/// A document whose text is to be read.
package struct PendingDocument: Sendable {
    package let id: Int64
    package let bank: Int64
    /// Its id as its sender knows it.
    package let uuid: String
    package let mimeType: String
    package let content: Data

    package init(id: Int64, bank: Int64, uuid: String, mimeType: String, content: Data) {
        (self.id, self.bank, self.uuid) = (id, bank, uuid)
        (self.mimeType, self.content) = (mimeType, content)
    }
}
