/// A tool that the model wants called.
public struct ToolCall: WireRecord, Hashable {
    public var toolName: String
    public var arguments: JSONObject

    public init(toolName: String, arguments: JSONObject) {
        (self.toolName, self.arguments) = (toolName, arguments)
    }

    public static let object = Object(
        "ToolCall", isComponent: false, Self.init,
        Field("tool_name", \.toolName, "The tool's name."),
        Field("arguments", \.arguments, "The arguments, by name."))
}

/// What a tool answered.
public struct ToolResponse: WireRecord, Hashable {
    public var toolName: String
    public var content: Content

    public init(toolName: String, content: Content) {
        (self.toolName, self.content) = (toolName, content)
    }

    public static let object = Object(
        "ToolResponse", isComponent: false, Self.init,
        Field("tool_name", \.toolName, "The tool's name."),
        Field("content", \.content, "The answer."))
}

/// A tool that a model may call.
public struct ToolDefinition: WireRecord, Hashable {
    public var toolName: ToolName
    public var parameters: JSONObject?
    public var inputShields: [ShieldConfig]
    public var outputShields: [ShieldConfig]

    public init(
        toolName: ToolName, parameters: JSONObject? = nil, inputShields: [ShieldConfig] = [],
        outputShields: [ShieldConfig] = []
    ) {
        self.toolName = toolName
        self.parameters = parameters
        self.inputShields = inputShields
        self.outputShields = outputShields
    }

    public static let object = Object(
        "ToolDefinition", isComponent: false, Self.init,
        Field("tool_name", \.toolName, "A built-in tool's name, or any other name for a tool of the caller."),
        Field(
            "parameters", \.parameters,
            "A JSON Schema of the arguments, or a map from each argument's name to its description."),
        Field("input_shields", \.inputShields, default: [], "Run on the call's arguments."),
        Field("output_shields", \.outputShields, default: [], "Run on the tool's answer."))
}
