public enum BuiltinTool: String, WireEnum {
    case webSearch = "web_search"
    case math
    case imageGen = "image_gen"
    case codeInterpreter = "code_interpreter"
}

/// A tool's name: one of the built-in tools', or the caller's own.
public enum ToolName: WireValue, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    case builtin(BuiltinTool)
    case custom(String)

    public init(_ name: String) { self = BuiltinTool(rawValue: name).map(Self.builtin) ?? .custom(name) }
    public init(stringLiteral value: String) { self.init(value) }

    public var description: String {
        switch self {
        case .builtin(let tool): tool.rawValue
        case .custom(let name): name
        }
    }

    /// A built-in tool's name is a string too, so both match.
    public static var schema: Schema { .anyOf([BuiltinTool.schema, String.schema]) }
    public var json: JSON { .string(description) }
    public init(json: JSON, at path: FieldPath) throws { self.init(try String(json: json, at: path)) }
}
