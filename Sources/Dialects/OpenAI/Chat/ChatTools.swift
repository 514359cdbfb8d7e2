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
            "type", \.type, default: "function", check: .function, "Always function."),
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

    private enum Word: String, WireEnum { case auto, none, required, any }

    private struct Named: WireRecord {
        enum Kind: String, WireEnum { case function }
        struct Function: WireRecord {
            var name: String
            var rest = JSONObject()
            init(name: String) { self.name = name }
            static let object = Object(
                "OpenAIChosenFunction", isComponent: false, rest: \Self.rest, Self.init(name:),
                Field("name", \.name, "A tool's."))
        }

        var type: Kind
        var function: Function
        var rest = JSONObject()
        init(type: Kind, function: Function) { (self.type, self.function) = (type, function) }

        static let object = Object(
            "OpenAIChosenTool", isComponent: false, rest: \Self.rest, Self.init(type:function:),
            Field("type", \.type, "Always function."), Field("function", \.function, "What is to be called."))
    }

    static var schema: Schema { .oneOf([Word.schema, Named.schema]) }

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
        if case .string(let text) = json, let word = Word(rawValue: text) {
            self =
                switch word {
                case .auto: .auto
                case .none: .none
                case .required, .any: .required
                }
        } else if case .object = json, json["type"] == "function", json["function"] != nil {
            self = .named(try Named(json: json, at: path).function.name)
        } else if json["type"] == "function", let name = json["name"]?.stringValue {
            // As the Responses API has it.
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

    private struct Plain: WireRecord {
        enum Kind: String, WireEnum {
            case text
            case object = "json_object"
        }
        var type: Kind
        var rest = JSONObject()
        init(type: Kind) { self.type = type }
        static let object = Object(
            "OpenAIPlainFormat", isComponent: false, rest: \Self.rest, Self.init(type:),
            Field("type", \.type, "Any text, or any JSON object."))
    }

    private struct Schematic: WireRecord {
        enum Kind: String, WireEnum { case schema = "json_schema" }
        struct Format: WireRecord {
            var schema: JSON
            var rest = JSONObject()
            init(schema: JSON) { self.schema = schema }
            static let object = Object(
                "OpenAISchemaFormat", isComponent: false, rest: \Self.rest, Self.init(schema:),
                Field("schema", \.schema, "A JSON Schema; the answer always is a value of it."))
        }

        var type: Kind
        var format: Format
        var rest = JSONObject()
        init(type: Kind, format: Format) { (self.type, self.format) = (type, format) }
        static let object = Object(
            "OpenAIFormat", isComponent: false, rest: \Self.rest, Self.init(type:format:),
            Field("type", \.type, "Always json_schema."), Field("json_schema", \.format, "What holds the answer."))
    }

    static var schema: Schema { .oneOf([Plain.schema, Schematic.schema]) }
    var json: JSON { ["type": "text"] }

    init(json: JSON, at path: FieldPath) throws {
        guard case .object = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        switch json["type"] {
        case "text": self = .text
        case "json_object": self = .schema(["type": "object"], field: path["type"].description)
        case "json_schema":
            self = .schema(
                try Schematic(json: json, at: path).format.schema, field: path["json_schema"]["schema"].description)
        default:
            throw WireError(
                path["type"], "must be text, json_object or json_schema, got \((json["type"] ?? .null).text.prefix(64))"
            )
        }
    }
}

extension Check where Value == String {
    /// The only type that tools and calls of them have.
    static let function = Check("\"function\"", bounds: ["const": "function"]) { $0 == "function" }
}
