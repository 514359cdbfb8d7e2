/// Bytes that a message refers to by URL.
public struct Attachment: WireRecord, Hashable {
    /// Where the bytes are. A provider that cannot read attachments refuses the content with `unsupported_content`.
    public var url: WireURL
    /// The media type of the bytes, such as `image/png`.
    public var mimeType: String

    /// Creates the record. Checks nothing.
    public init(url: WireURL, mimeType: String) {
        (self.url, self.mimeType) = (url, mimeType)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "Attachment", Self.init,
        Field("url", \.url, "Where the bytes are."),
        Field("mime_type", \.mimeType, "The media type of the bytes."))
}
