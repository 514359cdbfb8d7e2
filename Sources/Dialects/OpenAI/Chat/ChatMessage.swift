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
            "type", \.type, default: "function", check: Check("\"function\"") { $0 == "function" }, "Always function."),
        Field("function", \.function, "What is called."))
}

/// The content of a message: the texts of its parts, which stand on lines of their own.
struct MessageContent: WireValue, Hashable {
    var text: String

    private struct Part: WireRecord {
        var type: String
        var text: String?
        var refusal: String?
        var rest = JSONObject()

        init(type: String, text: String?, refusal: String?) {
            (self.type, self.text, self.refusal) = (type, text, refusal)
        }

        static let object = Object(
            "OpenAIContentPart", isComponent: false, rest: \Self.rest, Self.init(type:text:refusal:),
            Field("type", \.type, "text, or refusal in a message of the assistant."),
            Field("text", \.text, "The text."),
            Field("refusal", \.refusal, "With the type refusal."))
    }

    static var schema: Schema { .oneOf([String.schema, [Part].schema]) }
    var json: JSON { .string(text) }

    init(json: JSON, at path: FieldPath) throws {
        guard case .array = json else {
            guard case .string(let text) = json else {
                throw WireError(path, "must be a string or an array of parts, got \(json.kind)")
            }
            self.text = text
            return
        }
        let parts = try [Part](json: json, at: path)
        text = try parts.enumerated().map { index, part in
            switch part.type {
            case "text", "input_text", "output_text":
                guard let text = part.text else { throw WireError(path[index]["text"], "is required") }
                return text
            case "refusal": return part.refusal ?? ""
            case "image_url", "input_audio", "file", "video_url":
                throw WireError(
                    path[index], "is of the type \(part.type); the models of this server read text alone",
                    code: .unsupportedContent)
            default:
                throw WireError(path[index]["type"], "must be text, got '\(part.type.prefix(40))'")
            }
        }.joined(separator: "\n")
    }
}
