/// What a message says: text, an attachment, or both in order.
public enum Content: WireValue, Hashable, ExpressibleByStringLiteral {
    case text(String)
    case attachment(Attachment)
    case items([Item])

    public enum Item: WireValue, Hashable, ExpressibleByStringLiteral {
        case text(String)
        case attachment(Attachment)

        public init(stringLiteral value: String) { self = .text(value) }

        public static var schema: Schema { .oneOf([String.schema, Attachment.schema]) }
        public var json: JSON {
            switch self {
            case .text(let text): .string(text)
            case .attachment(let attachment): attachment.json
            }
        }
        public init(json: JSON, at path: FieldPath) throws {
            switch json {
            case .string(let text): self = .text(text)
            case .object: self = .attachment(try Attachment(json: json, at: path))
            default: throw WireError(path, "must be a string or an attachment, got \(json.kind)")
            }
        }
    }

    public init(stringLiteral value: String) { self = .text(value) }

    /// The content as a list, whatever its form.
    public var all: [Item] {
        switch self {
        case .text(let text): [.text(text)]
        case .attachment(let attachment): [.attachment(attachment)]
        case .items(let items): items
        }
    }

    public static var schema: Schema {
        .named("Content", .oneOf([String.schema, Attachment.schema, [Item].schema]))
    }
    public var json: JSON {
        switch self {
        case .text(let text): .string(text)
        case .attachment(let attachment): attachment.json
        case .items(let items): items.json
        }
    }
    public init(json: JSON, at path: FieldPath) throws {
        switch json {
        case .string(let text): self = .text(text)
        case .object: self = .attachment(try Attachment(json: json, at: path))
        case .array: self = .items(try [Item](json: json, at: path))
        default: throw WireError(path, "must be a string, an attachment or an array of them, got \(json.kind)")
        }
    }
}
