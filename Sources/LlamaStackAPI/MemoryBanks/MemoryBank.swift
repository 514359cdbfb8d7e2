/// A collection of documents.
public struct MemoryBank: WireRecord, Hashable {
    public var uuid: String
    public var name: String

    public init(uuid: String, name: String) {
        (self.uuid, self.name) = (uuid, name)
    }

    public static let object = Object(
        "MemoryBank", Self.init,
        Field("uuid", \.uuid, check: .identifier, "The caller's id for it: 1 to 200 bytes, no control characters."),
        Field("name", \.name, "For people."))
}

/// A document of a memory bank.
public struct MemoryBankDocument: WireRecord, Hashable {
    public var uuid: String
    public var content: Base64Data
    public var metadata: JSONObject
    public var mimeType: String

    public init(uuid: String, content: Base64Data, metadata: JSONObject, mimeType: String) {
        (self.uuid, self.content, self.metadata, self.mimeType) = (uuid, content, metadata, mimeType)
    }

    public static let object = Object(
        "MemoryBankDocument", Self.init,
        Field("uuid", \.uuid, check: .identifier, "The caller's id for it: 1 to 200 bytes, no control characters."),
        Field("content", \.content, "The document's bytes."),
        Field("metadata", \.metadata, "Free members, kept as they are."),
        Field("mime_type", \.mimeType, "The media type of the bytes."))
}
