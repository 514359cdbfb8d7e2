/// A collection of documents.
public struct MemoryBank: WireRecord, Hashable {
    /// The caller's id for it: 1 to 200 bytes without control characters.
    public var uuid: String
    /// A name for people. It need not be unique.
    public var name: String

    /// Creates the record; the id's length is checked by decoding alone.
    public init(uuid: String, name: String) {
        (self.uuid, self.name) = (uuid, name)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBank", Self.init,
        Field("uuid", \.uuid, check: .identifier, "The caller's id for it: 1 to 200 bytes, no control characters."),
        Field("name", \.name, "For people."))
}

/// A document of a memory bank.
public struct MemoryBankDocument: WireRecord, Hashable {
    /// The caller's id for it, unique within its bank: 1 to 200 bytes without control characters.
    public var uuid: String
    /// The document's bytes; on the wire base64.
    public var content: Base64Data
    /// Free members, kept and answered as they are. A query's filter reads them.
    public var metadata: JSONObject
    /// The media type of the bytes, which decides whether and how they are read for search.
    public var mimeType: String

    /// Creates the record; the id's length is checked by decoding alone.
    public init(uuid: String, content: Base64Data, metadata: JSONObject, mimeType: String) {
        (self.uuid, self.content, self.metadata, self.mimeType) = (uuid, content, metadata, mimeType)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBankDocument", Self.init,
        Field("uuid", \.uuid, check: .identifier, "The caller's id for it: 1 to 200 bytes, no control characters."),
        Field("content", \.content, "The document's bytes."),
        Field("metadata", \.metadata, "Free members, kept as they are."),
        Field("mime_type", \.mimeType, "The media type of the bytes."))
}
