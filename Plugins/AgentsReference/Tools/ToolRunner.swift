import JSONSchema
import ProviderKit

/// Runs an agent's tools through the host. Whatever goes wrong is a sentence for the model, and the turn goes on.
struct ToolRunner: Sendable {
    let agent: Agent
    let configuration: AgentsConfiguration
    let call: Call

    /// Throws `CancellationError` alone.
    func run(_ toolCall: ToolCall) async throws -> ToolOutcome {
        let name = toolCall.toolName
        guard agent.definition.executableTools.contains(name) else {
            let names = agent.definition.availableTools.map(\.toolName.description)
            return .failure(
                "There is no tool '\(name)'. "
                    + (names.isEmpty ? "There are no tools." : "The tools are: \(names.joined(separator: ", "))."))
        }
        if let sentence = misfit(of: toolCall) { return .failure(sentence) }
        let seconds = configuration.toolSecondsMax
        do {
            return try await withTimeLimit(.seconds(seconds), Self.tooLong) { () -> ToolOutcome in
                if let reason = try await reasonNotToRun(name) { return .failure(reason) }
                let result = try await call.tools().invoke(toolCall)
                return ToolOutcome(content: result.content, isError: result.isError, files: result.files)
            }.cut(to: configuration.toolResultBytesMax)
        } catch {
            try Task.checkCancellation()
            let error = error as? ProviderError
            if error == Self.tooLong {
                return .failure("The tool '\(name)' took longer than \(seconds) s and was stopped.")
            }
            call.log.warning("a tool could not be reached", ["tool": name, "error": error?.message ?? ""])
            return .failure("The tool '\(name)' could not be reached: \(error?.message ?? "it failed").")
        }
    }

    /// A sentence about arguments that do not fit the tool's schema; nil: they do, or the server knows none.
    private func misfit(of toolCall: ToolCall) -> String? {
        guard let parameters = agent.parameters(of: toolCall.toolName),
            let schema = try? ValueSchema.ofTool(parameters: .object(parameters))
        else { return nil }
        let violations = schema.validate(.object(toolCall.arguments)).prefix(Self.violationsToldMax)
        guard !violations.isEmpty else { return nil }
        return "The arguments of '\(toolCall.toolName)' are wrong: "
            + violations.map(\.description).joined(separator: "; ") + ". Call it again with arguments that fit."
    }

    /// More would be as much to read as the schema.
    private static let violationsToldMax = 8

    private static let tooLong = ProviderError(.providerTimeout, "tool_seconds_max")

    /// An agent was made for the tool as it was: one that has changed may do what its creator did not agree to.
    private func reasonNotToRun(_ name: String) async throws -> String? {
        guard let kept = agent.tools.listed.first(where: { $0.toolName == name }) else { return nil }
        guard let now = try await call.tools().list().first(where: { $0.toolName == name }) else {
            return "The tool '\(name)' is not there any more."
        }
        guard now.isSameTool(as: kept) else {
            return "The tool '\(name)' has changed since the agent was created; the agent must be created again."
        }
        return nil
    }
}

extension ListedTool {
    fileprivate func isSameTool(as other: ListedTool) -> Bool {
        description == other.description && parameters == other.parameters
    }
}
