/// The tools that the draft names. A distribution need not have any of them.
public enum BuiltinTool: String, WireEnum {
    /// Takes `query`.
    case webSearch = "web_search"
    /// Takes `query`.
    case math
    /// Takes `query`.
    case imageGen = "image_gen"
    /// Takes `code`.
    case codeInterpreter = "code_interpreter"
}

/// A tool's name: one of the built-in tools', or the caller's own.
public enum ToolName: WireValue, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// One of the draft's four names.
    case builtin(BuiltinTool)
    /// Any other name: a tool of the caller.
    case custom(String)

    /// One of the four names is the built-in tool, anything else is custom; an empty name too.
    public init(_ name: String) { self = BuiltinTool(rawValue: name).map(Self.builtin) ?? .custom(name) }
    /// As ``init(_:)``.
    public init(stringLiteral value: String) { self.init(value) }

    /// The name on the wire.
    public var description: String {
        switch self {
        case .builtin(let tool): tool.rawValue
        case .custom(let name): name
        }
    }

    /// A built-in tool's name is a string too, so both match.
    public static var schema: Schema { .anyOf([BuiltinTool.schema, String.schema]) }
    /// The name.
    public var json: JSON { .string(description) }
    /// The name in quotes.
    public func measure(_ bytesLeft: inout Int) { description.measure(&bytesLeft) }
    /// Throws a ``WireError`` for anything but a string.
    public init(json: JSON, at path: FieldPath) throws { self.init(try String(json: json, at: path)) }
}
