/// A tool that the model wants called.
public struct ToolCall: WireRecord, Hashable {
    /// The name of one of the request's tools. A model may also name one that does not exist.
    public var toolName: String
    /// By the parameters' names: `{"query": …}` or `{"code": …}` for a built-in tool. A model may leave out or invent
    /// some.
    public var arguments: JSONObject

    /// Creates the record. Checks nothing.
    public init(toolName: String, arguments: JSONObject) {
        (self.toolName, self.arguments) = (toolName, arguments)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ToolCall", isComponent: false, Self.init,
        Field("tool_name", \.toolName, "The tool's name."),
        Field("arguments", \.arguments, "The arguments, by name."))
}

/// The result of one tool call.
public struct ToolResponse: WireRecord, Hashable {
    /// The tool that was called. Responses belong to calls by position, then by this name.
    public var toolName: String
    /// The result as the model shall read it; for a tool that failed, the text of the error.
    public var content: Content

    /// Creates the record. Checks nothing.
    public init(toolName: String, content: Content) {
        (self.toolName, self.content) = (toolName, content)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ToolResponse", isComponent: false, Self.init,
        Field("tool_name", \.toolName, "The tool's name."),
        Field("content", \.content, "The answer."))
}

/// A tool that a model may call.
public struct ToolDefinition: WireRecord, Hashable {
    /// A built-in tool, or any other name for a tool of the caller. Unique within a request.
    public var toolName: ToolName
    /// A JSON Schema of the arguments, or a map from each argument's name to its description. nil: the tool takes none,
    /// or is built in.
    public var parameters: JSONObject?
    /// Shields that an agent runs on the call's arguments; none by default.
    public var inputShields: [ShieldConfig]
    /// Shields that an agent runs on the tool's answer; none by default.
    public var outputShields: [ShieldConfig]

    /// A tool without parameters and shields unless they are given.
    public init(
        toolName: ToolName, parameters: JSONObject? = nil, inputShields: [ShieldConfig] = [],
        outputShields: [ShieldConfig] = []
    ) {
        self.toolName = toolName
        self.parameters = parameters
        self.inputShields = inputShields
        self.outputShields = outputShields
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ToolDefinition", isComponent: false, Self.init,
        Field("tool_name", \.toolName, "A built-in tool's name, or any other name for a tool of the caller."),
        Field(
            "parameters", \.parameters,
            "A JSON Schema of the arguments, or a map from each argument's name to its description."),
        Field("input_shields", \.inputShields, default: [], "Run on the call's arguments."),
        Field("output_shields", \.outputShields, default: [], "Run on the tool's answer."))
}
