/// The content of a message: text, an attachment, or both in order.
public enum Content: WireValue, Hashable, ExpressibleByStringLiteral {
    /// A JSON string.
    case text(String)
    /// A JSON object.
    case attachment(Attachment)
    /// A JSON array; it may be empty.
    case items([Item])

    /// One part of a content that is an array.
    public enum Item: WireValue, Hashable, ExpressibleByStringLiteral {
        /// A JSON string.
        case text(String)
        /// A JSON object.
        case attachment(Attachment)

        /// A text.
        public init(stringLiteral value: String) { self = .text(value) }

        /// A string or an ``Attachment``.
        public static var schema: Schema { .oneOf([String.schema, Attachment.schema]) }
        /// The text, or the attachment's object.
        public var json: JSON {
            switch self {
            case .text(let text): .string(text)
            case .attachment(let attachment): attachment.json
            }
        }
        /// The text's size, or the attachment's.
        public func measure(_ bytesLeft: inout Int) {
            switch self {
            case .text(let text): text.measure(&bytesLeft)
            case .attachment(let attachment): attachment.measure(&bytesLeft)
            }
        }
        /// Throws a ``WireError`` for anything but a string or an attachment.
        public init(json: JSON, at path: FieldPath) throws {
            switch json {
            case .string(let text): self = .text(text)
            case .object: self = .attachment(try Attachment(json: json, at: path))
            default: throw WireError(path, "must be a string or an attachment, got \(json.kind)")
            }
        }
    }

    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }

    /// The content as a list of its parts: one for a text or an attachment.
    public var all: [Item] {
        switch self {
        case .text(let text): [.text(text)]
        case .attachment(let attachment): [.attachment(attachment)]
        case .items(let items): items
        }
    }

    /// The texts of its parts, without the attachments.
    public var texts: [String] {
        all.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    /// A string, an ``Attachment``, or an array of them; in the document the alias `Content`.
    public static var schema: Schema {
        .named("Content", .oneOf([String.schema, Attachment.schema, [Item].schema]))
    }
    /// A string, an object or an array, as the content came.
    public var json: JSON {
        switch self {
        case .text(let text): .string(text)
        case .attachment(let attachment): attachment.json
        case .items(let items): items.json
        }
    }
    /// The size of what it holds.
    public func measure(_ bytesLeft: inout Int) {
        switch self {
        case .text(let text): text.measure(&bytesLeft)
        case .attachment(let attachment): attachment.measure(&bytesLeft)
        case .items(let items): items.measure(&bytesLeft)
        }
    }
    /// Throws a ``WireError`` for anything else than a string, an attachment or an array of them.
    public init(json: JSON, at path: FieldPath) throws {
        switch json {
        case .string(let text): self = .text(text)
        case .object: self = .attachment(try Attachment(json: json, at: path))
        case .array: self = .items(try [Item](json: json, at: path))
        default: throw WireError(path, "must be a string, an attachment or an array of them, got \(json.kind)")
        }
    }
}
