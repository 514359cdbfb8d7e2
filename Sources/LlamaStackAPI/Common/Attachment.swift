/// Bytes that a message refers to by URL.
public struct Attachment: WireRecord, Hashable {
    public var url: WireURL
    public var mimeType: String

    public init(url: WireURL, mimeType: String) {
        (self.url, self.mimeType) = (url, mimeType)
    }

    public static let object = Object(
        "Attachment", Self.init,
        Field("url", \.url, "Where the bytes are."),
        Field("mime_type", \.mimeType, "The media type of the bytes."))
}
