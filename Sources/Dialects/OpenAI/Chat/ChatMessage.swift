import LlamaStackAPI

/// One message of a chat, as clients send it.
struct ChatMessage: WireRecord, Hashable {
    var role: Role
    var content: MessageContent?
    var toolCalls: [MessageCall]?
    var toolCallID: String?
    var name: String?
    var rest = JSONObject()

    init(role: Role, content: MessageContent?, toolCalls: [MessageCall]?, toolCallID: String?, name: String?) {
        (self.role, self.content, self.toolCalls) = (role, content, toolCalls)
        (self.toolCallID, self.name) = (toolCallID, name)
    }

    enum Role: String, WireEnum {
        case system, developer, user, assistant, tool, function
    }

    static let object = Object(
        "OpenAIMessage", rest: \Self.rest, Self.init,
        Field("role", \.role, "developer is system, function is tool."),
        Field("content", \.content, "A text or parts that are texts. Beside tool_calls it may be null."),
        Field("tool_calls", \.toolCalls, "With the role assistant: the calls that it made."),
        Field("tool_call_id", \.toolCallID, "With the role tool: the call that is answered."),
        Field("name", \.name, "With the role function: the tool that is answered; else without effect."))
}

/// A call in a message of the assistant.
struct MessageCall: WireRecord, Hashable {
    struct Function: WireRecord, Hashable {
        var name: String
        /// JSON in a string, as the model wrote it.
        var arguments: String
        var rest = JSONObject()

        init(name: String, arguments: String) { (self.name, self.arguments) = (name, arguments) }

        static let object = Object(
            "OpenAICalledFunction", isComponent: false, rest: \Self.rest, Self.init(name:arguments:),
            Field("name", \.name, "The tool's name."),
            Field("arguments", \.arguments, default: "", "The arguments, as a JSON text."))
    }

    var id: String?
    var type: String
    var function: Function
    var rest = JSONObject()

    init(id: String?, type: String, function: Function) { (self.id, self.type, self.function) = (id, type, function) }

    static let object = Object(
        "OpenAIMessageCall", isComponent: false, rest: \Self.rest, Self.init(id:type:function:),
        Field("id", \.id, "What the answer names it by."),
        Field(
            "type", \.type, default: "function", check: .function, "Always function."),
        Field("function", \.function, "What is called."))
}

/// The content of a message: the texts of its parts, which stand on lines of their own.
struct MessageContent: WireValue, Hashable {
    var text: String

    private struct TextPart: WireRecord {
        enum Kind: String, WireEnum {
            case text
            case input = "input_text"
            case output = "output_text"
        }

        var type: Kind
        var text: String
        var rest = JSONObject()

        init(type: Kind, text: String) { (self.type, self.text) = (type, text) }

        static let object = Object(
            "OpenAITextPart", isComponent: false, rest: \Self.rest, Self.init(type:text:),
            Field("type", \.type, "All the same."), Field("text", \.text, "The text."))
    }

    private struct RefusalPart: WireRecord {
        enum Kind: String, WireEnum { case refusal }

        var type: Kind
        var refusal: String?
        var rest = JSONObject()

        init(type: Kind, refusal: String?) { (self.type, self.refusal) = (type, refusal) }

        static let object = Object(
            "OpenAIRefusalPart", isComponent: false, rest: \Self.rest, Self.init(type:refusal:),
            Field("type", \.type, "In a message of the assistant."), Field("refusal", \.refusal, "The text."))
    }

    static var schema: Schema {
        .oneOf([String.schema, .array(.oneOf([TextPart.schema, RefusalPart.schema]))])
    }
    var json: JSON { .string(text) }

    init(json: JSON, at path: FieldPath) throws {
        switch json {
        case .string(let text): self.text = text
        case .array(let parts):
            text = try parts.enumerated().map { try Self.text(of: $1, at: path[$0]) }.joined(separator: "\n")
        default: throw WireError(path, "must be a string or an array of parts, got \(json.kind)")
        }
    }

    private static func text(of part: JSON, at path: FieldPath) throws -> String {
        guard case .object(let members) = part else { throw WireError(path, "must be an object, got \(part.kind)") }
        let type = try String(json: members["type"] ?? .null, at: path["type"])
        switch type {
        case _ where TextPart.Kind(rawValue: type) != nil: return try TextPart(json: part, at: path).text
        case RefusalPart.Kind.refusal.rawValue: return try RefusalPart(json: part, at: path).refusal ?? ""
        case "image_url", "input_audio", "file", "video_url":
            throw WireError(
                path, "is of the type \(type); the models of this server read text alone", code: .unsupportedContent)
        default: throw WireError(path["type"], "must be text, got '\(type.prefix(40))'")
        }
    }
}
