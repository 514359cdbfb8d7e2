import LlamaStackAPI

/// Typed calls to `tools` of another provider. Every method throws as ``HostCaller/answer(_:_:_:options:)`` does.
public struct ToolsClient: Sendable {
    /// For calls with options, or of an endpoint that has no method here.
    public let caller: HostCaller

    /// The tools of all providers of the API, or those of the one that was picked.
    public func list() async throws -> [ListedTool] {
        try await caller.answer(Tools.list, Nothing(), Nothing())
    }

    /// Runs a tool; one that failed is an answer. Throws `notFound` when no provider has it.
    public func invoke(_ tool: ToolCall) async throws -> ToolResult {
        try await caller.answer(Tools.invoke, Nothing(), tool)
    }
}
