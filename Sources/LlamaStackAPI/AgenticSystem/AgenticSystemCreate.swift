/// An agent to create.
public struct AgenticSystemCreateRequest: WireRecord, Hashable {
    public var uuid: String
    public var instructions: String
    public var model: InstructModel
    public var availableTools: [ToolDefinition]
    public var executableTools: Set<String>
    public var memoryBankUUIDs: [String]
    public var inputShields: [ShieldConfig]
    public var outputShields: [ShieldConfig]

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
    public var agentUUID: String

    public init(agentUUID: String) {
        self.agentUUID = agentUUID
    }

    public static let object = Object(
        "AgenticSystemCreateResponse", Self.init,
        Field("agent_uuid", \.agentUUID, check: .identifier, "The request's uuid."))
}
