import LlamaStackAPI

/// A provider of `tools`: functions that a model may call.
public protocol ToolsProvider: Provider {
    /// Every tool of this provider, those that can't be called now too; an empty array when there is none. The host
    /// joins the lists of all providers, and leaves out names that are not 1 to 64 of `A-Z a-z 0-9 _ -` or that an
    /// earlier provider has.
    func list(_ call: Call) async throws -> [ListedTool]
    /// Runs a tool on a model's arguments, which may be anything.
    ///
    /// Throw `notFound` with the field `tool_name` when the tool does not exist here: the host then asks the next
    /// provider. A tool that fails, or that can't use its arguments, throws nothing: it answers a ``ToolResult`` whose
    /// `isError` is true, with a sentence that the model can act on. Throw `upstreamError` when what runs the tool
    /// can't be reached, and `providerTimeout` when it took too long. A cancelled call may have run the tool.
    func invoke(_ tool: ToolCall, _ call: Call) async throws -> ToolResult
}

extension ToolsProvider {
    /// A conforming provider implements `tools`.
    public static var api: API { .tools }

    /// The endpoints of ``Tools``, each with the method of this protocol that answers it.
    public static var methods: [Method<Self>] {
        [
            Method(Tools.list) { provider, _, _, call in try await provider.list(call) },
            Method(Tools.invoke) { try await $0.invoke($2, $3) },
        ]
    }
}
