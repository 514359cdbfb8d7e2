import LlamaStackAPI

/// A tool that a client offers.
struct OfferedTool: WireRecord, Hashable {
    struct Function: WireRecord, Hashable {
        var name: String
        var description: String?
        var parameters: JSONObject?
        var rest = JSONObject()

        init(name: String, description: String?, parameters: JSONObject?) {
            (self.name, self.description, self.parameters) = (name, description, parameters)
        }

        static let object = Object(
            "OpenAIFunction", isComponent: false, rest: \Self.rest, Self.init(name:description:parameters:),
            Field("name", \.name, check: .identifier, "What calls name it."),
            Field("description", \.description, "What it is for, for the model."),
            Field("parameters", \.parameters, "A JSON Schema of the arguments; arguments always keep to it."))
    }

    var type: String
    var function: Function
    var rest = JSONObject()

    init(type: String, function: Function) { (self.type, self.function) = (type, function) }

    static let object = Object(
        "OpenAITool", isComponent: false, rest: \Self.rest, Self.init(type:function:),
        Field(
            "type", \.type, default: "function", check: Check("\"function\"") { $0 == "function" }, "Always function."),
        Field("function", \.function, "What it is."))

    /// As the draft has it, where a description stands in the schema of the arguments.
    var definition: ToolDefinition {
        var parameters = function.parameters ?? ["type": "object", "properties": [:]]
        if let description = function.description { parameters["description"] = .string(description) }
        return ToolDefinition(toolName: ToolName(function.name), parameters: parameters)
    }
}

/// Whether the model may or must call, and what.
enum ToolChoiceField: WireValue, Hashable {
    case auto, none, required
    case named(String)

    static var schema: Schema { .any }

    /// As the option `tool_choice` has it.
    var json: JSON {
        switch self {
        case .auto: "auto"
        case .none: "none"
        case .required: "required"
        case .named(let name): ["name": .string(name)]
        }
    }

    init(json: JSON, at path: FieldPath) throws {
        let words: [JSON: ToolChoiceField] = ["auto": .auto, "none": .none, "required": .required, "any": .required]
        if let word = words[json] {
            self = word
        } else if json["type"] == "function", let name = (json["function"]?["name"] ?? json["name"])?.stringValue {
            self = .named(name)
        } else {
            throw WireError(
                path,
                "must be auto, none, required or {\"type\": \"function\", \"function\": {\"name\": a tool's name}}, got "
                    + json.text.prefix(64))
        }
    }
}

/// A condition on the text of an answer.
enum ResponseFormat: WireValue, Hashable {
    case text
    /// The answer is a value of this schema; `field` is where it stood.
    case schema(JSON, field: String)

    static var schema: Schema { .any }
    var json: JSON { ["type": "text"] }

    init(json: JSON, at path: FieldPath) throws {
        guard case .object = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        switch json["type"] {
        case "text": self = .text
        case "json_object": self = .schema(["type": "object"], field: path["type"].description)
        case "json_schema":
            guard let format = json["json_schema"], case .object = format else {
                throw WireError(path["json_schema"], "is required with the type json_schema")
            }
            guard let schema = format["schema"] else { throw WireError(path["json_schema"]["schema"], "is required") }
            self = .schema(schema, field: path["json_schema"]["schema"].description)
        default:
            throw WireError(
                path["type"], "must be text, json_object or json_schema, got \((json["type"] ?? .null).text.prefix(64))"
            )
        }
    }
}
