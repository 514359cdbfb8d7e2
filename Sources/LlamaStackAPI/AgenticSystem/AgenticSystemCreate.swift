/// An agent to create.
public struct AgenticSystemCreateRequest: WireRecord, Hashable {
    /// The caller's id for it: 1 to 200 bytes without control characters. In use already: `already_exists`.
    public var uuid: String
    /// The text that the model is given before every turn, in the system message.
    public var instructions: String
    /// The id or alias of the model that the agent asks.
    public var model: InstructModel
    /// The tools that the model may call; none by default.
    public var availableTools: [ToolDefinition]
    /// Names of tools that the server runs itself; none by default. Calls of the others go back to the caller.
    public var executableTools: Set<String>
    /// The memory banks to search once in each turn, before the first inference; none by default. All must exist.
    public var memoryBankUUIDs: [String]
    /// Shields that run on the user's messages at the start of each turn; none by default.
    public var inputShields: [ShieldConfig]
    /// Shields that run on the agent's answer at the end of each turn; none by default.
    public var outputShields: [ShieldConfig]

    /// An agent without tools, memory and shields unless they are given. Checks nothing.
    public init(
        uuid: String, instructions: String, model: InstructModel, availableTools: [ToolDefinition] = [],
        executableTools: Set<String> = [], memoryBankUUIDs: [String] = [], inputShields: [ShieldConfig] = [],
        outputShields: [ShieldConfig] = []
    ) {
        self.uuid = uuid
        self.instructions = instructions
        self.model = model
        self.availableTools = availableTools
        self.executableTools = executableTools
        self.memoryBankUUIDs = memoryBankUUIDs
        self.inputShields = inputShields
        self.outputShields = outputShields
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "AgenticSystemCreateRequest", Self.init,
        Field("uuid", \.uuid, check: .identifier, "The caller's id for it: 1 to 200 bytes, no control characters."),
        Field("instructions", \.instructions, "What the model is told before every turn."),
        Field("model", \.model, "The model to use."),
        Field("available_tools", \.availableTools, default: [], "The tools that the model may call."),
        Field(
            "executable_tools", \.executableTools, default: [],
            "The tools that the server runs itself; calls of the others go back to the caller."),
        Field("memory_bank_uuids", \.memoryBankUUIDs, default: [], "The memory banks to look things up in."),
        Field("input_shields", \.inputShields, default: [], "Run on the user's messages."),
        Field("output_shields", \.outputShields, default: [], "Run on the agent's answer."))
}

/// The agent that was created.
public struct AgenticSystemCreateResponse: WireRecord, Hashable {
    /// The request's `uuid`.
    public var agentUUID: String

    /// Creates the record. Checks nothing.
    public init(agentUUID: String) {
        self.agentUUID = agentUUID
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "AgenticSystemCreateResponse", Self.init,
        Field("agent_uuid", \.agentUUID, check: .identifier, "The request's uuid."))
}
