import ProviderKit

/// The option `tool_choice`: whether an answer calls a tool, and which.
enum ToolChoice: WireValue, Hashable {
    /// The model decides; what begins as a call is one, of an offered tool with arguments that keep to its schema.
    case auto
    /// The answer is nothing but calls.
    case required
    /// The model is not told of the tools.
    case none
    /// The answer is a call of this tool.
    case named(String)
    /// As auto, with nothing to hold the model to: for measurements.
    case free

    private static let words: KeyValuePairs<String, ToolChoice> = [
        "auto": .auto, "required": .required, "none": .none, "free": .free,
    ]

    var demandsCall: Bool {
        switch self {
        case .required, .named: true
        case .auto, .none, .free: false
        }
    }

    static var schema: Schema { .any }

    var json: JSON {
        switch self {
        case .auto: "auto"
        case .required: "required"
        case .none: "none"
        case .free: "free"
        case .named(let name): ["name": .string(name)]
        }
    }

    init(json: JSON, at path: FieldPath) throws {
        if case .object(let object) = json, object.keys == ["name"], let name = object["name"]?.stringValue {
            self = .named(name)
        } else if let word = Self.words.first(where: { .string($0.key) == json }) {
            self = word.value
        } else {
            throw WireError(path, "must be auto, required, none, free or {\"name\": a tool's name}, got \(json.text)")
        }
    }
}
