import JSONSchema
import ProviderKit

/// The checks that a new agent must pass, before anything of it is kept.
struct AgentCreation: Sendable {
    private let request: AgenticSystemCreateRequest
    private let call: Call

    init(_ request: AgenticSystemCreateRequest, _ call: Call) { (self.request, self.call) = (request, call) }

    func checked() async throws -> Agent {
        try await checkModel()
        try await checkBanks()
        let tools = try await checkedTools()
        try await checkShields()
        return Agent(definition: request, tools: tools)
    }

    /// Asks for the answers to no dialogs: the host knows the model, or does not; a provider that has it says whether
    /// it writes text.
    private func checkModel() async throws {
        do {
            _ = try await call.inference().batchChatCompletion(
                BatchChatCompletionRequest(model: request.model, batchDialogs: []))
        } catch let error as ProviderError where error.code == .notImplemented {
            return
        }
    }

    private func checkBanks() async throws {
        for (index, bank) in request.memoryBankUUIDs.enumerated() {
            let field = "memory_bank_uuids[\(index)]"
            do {
                _ = try await call.memoryBanks().getDocuments(MemoryBankQuery(bankUUID: bank), [])
            } catch let error as ProviderError where error.code == .notFound {
                throw ProviderError(.notFound, "\(field): there is no memory bank '\(bank)'", field: field)
            } catch let error as ProviderError where error.code == .apiNotServed {
                throw refusal(field, "names a memory bank, and this server has no provider of memory_banks")
            }
        }
    }

    // MARK: Tools

    /// - Returns: what the server says of the tools that the agent describes in no words of its own.
    private func checkedTools() async throws -> AgentTools {
        var names: Set<String> = []
        for (index, tool) in request.availableTools.enumerated() {
            let field = "available_tools[\(index)].tool_name"
            let name = tool.toolName.description
            guard ListedTool.isName(name) else {
                throw refusal(field, "must be 1 to 64 of A-Z, a-z, 0-9, _ and -, got '\(name)'")
            }
            guard names.insert(name).inserted else { throw refusal(field, "must be unique: '\(name)' comes twice") }
            try checkParameters(tool, at: "available_tools[\(index)].parameters")
        }
        let executable = request.executableTools.sorted()
        if let name = executable.first(where: { !names.contains($0) }) {
            throw refusal("executable_tools", "names '\(name)', which is not among available_tools")
        }
        guard !executable.isEmpty else { return AgentTools() }
        let listed = try await listedTools()
        var kept = AgentTools()
        for name in executable {
            guard let tool = listed.first(where: { $0.toolName == name }) else {
                let names = listed.map(\.toolName).joined(separator: ", ")
                throw refusal(
                    "executable_tools",
                    "names '\(name)', and the server has no such tool; it has "
                        + (names.isEmpty ? "none" : names) + ". Without it there, its calls go to the caller")
            }
            guard tool.isAvailable else {
                throw refusal(
                    "executable_tools", "names '\(name)', which is not available: \(tool.reason ?? "no reason")")
            }
            if request.availableTools.contains(where: { $0.toolName.description == name && $0.parameters == nil }) {
                kept.listed.append(tool)
            }
        }
        return kept
    }

    private func checkParameters(_ tool: ToolDefinition, at field: String) throws {
        guard let parameters = tool.parameters else { return }
        do {
            _ = try ValueSchema.ofTool(parameters: .object(parameters))
        } catch {
            throw refusal(field, "can't be used: \(error)")
        }
    }

    private func listedTools() async throws -> [ListedTool] {
        do { return try await call.tools().list() } catch let error as ProviderError where error.code == .apiNotServed {
            throw refusal("executable_tools", "names tools, and this server has no provider of tools")
        }
    }

    // MARK: Shields

    private func checkShields() async throws {
        try await check(request.inputShields, at: .root["input_shields"])
        try await check(request.outputShields, at: .root["output_shields"])
        for (index, tool) in request.availableTools.enumerated() {
            let field = FieldPath.root["available_tools"][index]
            try await check(tool.inputShields, at: field["input_shields"])
            try await check(tool.outputShields, at: field["output_shields"])
        }
    }

    private func check(_ shields: [ShieldConfig], at field: FieldPath) async throws {
        for (index, config) in shields.enumerated() {
            let place = field[index]
            let policy = try ShieldPolicy(config, at: place)
            do {
                _ = try await call.safety().runShield(RunShieldRequest(shield: policy.shield, messages: []))
            } catch let error as ProviderError where error.code == .notFound {
                throw refusal(
                    "\(place["shield_type"])",
                    "names '\(config.shieldType.rawValue)', and there is no such shield: "
                        + error.message)
            } catch let error as ProviderError where error.code == .apiNotServed {
                throw refusal("\(place)", "is a shield, and this server has no provider of safety")
            } catch let error as ProviderError where error.code == .invalidRequest {
                throw ProviderError(
                    error.code, "\(place): \(error.message)", field: "\(place)" + (error.field.map { ".\($0)" } ?? ""))
            }
        }
    }

    private func refusal(_ field: String, _ reason: String) -> ProviderError {
        ProviderError(.invalidRequest, "\(field) \(reason)", field: field)
    }
}
