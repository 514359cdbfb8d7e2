/// The answer of a tool to one call.
public struct ToolResult: WireRecord, Hashable {
    /// The result as the model shall read it; for a call that failed, a sentence that says why.
    public var content: Content
    /// The tool ran, or read its arguments, and failed.
    public var isError: Bool
    /// Files that the tool made.
    public var files: [ToolFile]

    /// A result without files unless they are given.
    public init(content: Content, isError: Bool = false, files: [ToolFile] = []) {
        (self.content, self.isError, self.files) = (content, isError, files)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ToolResult", Self.init,
        Field("content", \.content, "The result; for a call that failed, why."),
        Field("is_error", \.isError, default: false, "Whether the call failed."),
        Field("files", \.files, default: [], "The files that the tool made."))
}

/// A file that a tool made.
public struct ToolFile: WireRecord, Hashable {
    /// Its name for people, without a folder: `plot.png`.
    public var name: String
    /// Its bytes, as a `data:` URL, and their media type.
    public var attachment: Attachment

    /// Creates the record. Checks nothing.
    public init(name: String, attachment: Attachment) {
        (self.name, self.attachment) = (name, attachment)
    }

    /// The record's fields, for decoding, encoding and the schema. Those of the attachment stand beside the name.
    public static let object = Object(
        "ToolFile", Self.init,
        Field("name", \.name, "The file's name, without a folder."),
        Inline(\.attachment, Attachment.object))
}
