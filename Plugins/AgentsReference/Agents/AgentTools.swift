import ProviderKit

/// The server's tools that an agent was created with, as far as it keeps them.
struct AgentTools: WireRecord, Sendable {
    /// Those that the agent describes in no words of its own, as they were then.
    var listed: [ListedTool] = []

    static let object = Object("AgentTools", isComponent: false, Self.init, Field("listed", \.listed, default: []))
}

extension Agent {
    /// The tools as its model is told of them.
    var offeredTools: [ToolDefinition] {
        definition.availableTools.map { tool in
            let name = tool.toolName.description
            guard tool.parameters == nil, let listed = tools.listed.first(where: { $0.toolName == name }) else {
                return ToolDefinition(toolName: tool.toolName, parameters: tool.parameters)
            }
            var parameters = listed.parameters
            if !listed.description.isEmpty { parameters["description"] = .string(listed.description) }
            return ToolDefinition(toolName: tool.toolName, parameters: parameters)
        }
    }

    /// The parameters of a tool in either spelling: the agent's own, or the server's.
    func parameters(of name: String) -> JSONObject? {
        tool(name)?.parameters ?? tools.listed.first { $0.toolName == name }?.parameters
    }

    func tool(_ name: String) -> ToolDefinition? {
        definition.availableTools.first { $0.toolName.description == name }
    }
}
