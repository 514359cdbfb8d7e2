/// The endpoints of `tools`, an API beyond the draft. Where several providers serve it, the host finds the one that has
/// the tool.
public enum Tools {
    /// Answers the tools of all providers, as JSON Lines. Of two with one name it has the first.
    public static let list = Endpoint<Nothing, Nothing, [ListedTool], Nothing>(
        .tools, "list", .get, "/tools/list", isJSONLines: true, routingKey: .toolList, isExtension: true,
        summary: "List the tools.")

    /// Runs a tool, and answers its result also when the tool failed.
    public static let invoke = Endpoint<Nothing, ToolCall, ToolResult, Nothing>(
        .tools, "invoke", .post, "/tools/invoke", routingKey: .tool(.field("tool_name")), isExtension: true,
        summary: "Run a tool.",
        rules: "A tool that fails, or that can't use its arguments, is an answer whose is_error is true.",
        "A tool that can't be reached is an error: upstream_error, or provider_timeout when it took too long.")

    static let all = [list.description, invoke.description]
}
