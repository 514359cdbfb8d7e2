import ProviderKit

/// The tools that come with the stack. A distribution lists the groups of them that it wants, by their names.
struct BuiltinTools: ToolsProvider {
    static let providerType = "inline::builtin"
    static let version = "1.0.0"
    static let summary = "Tools that come with the stack: math, and web_search by a server in Brave's form."
    static let needsNetwork = true
    static let resources: [ResourceKind]? = [.toolGroup]

    /// The groups that there are.
    private let groups: [String: [any BuiltinTool]]

    /// Those that the distribution lists, in its order.
    private let listed = Registered<[any BuiltinTool]>()

    init(configuration: BuiltinConfiguration, context: ProviderContext) {
        groups = ["math": [MathTool()], "web_search": [WebSearchTool(configuration.webSearch)]]
    }

    func register(_ resource: Resource) async throws {
        guard resource.kind == ResourceKind.toolGroup.name else { throw Self.refusal(of: resource) }
        guard let tools = groups[resource.id] else {
            let known = groups.keys.sorted()
            let close = Spelling.closest(to: resource.id, in: known).map { " (did you mean '\($0)'?)" } ?? ""
            throw ProviderError(
                .invalidRequest,
                "\(Self.providerType) has no group of tools '\(resource.id)'\(close); there are "
                    + known.joined(separator: ", "), field: "id")
        }
        _ = try resource.configuration(as: NoConfiguration.self)
        listed.put(resource.id, tools)
    }

    func unregister(_ resource: Resource) async throws { try listed.remove(resource) }

    func list(_ call: Call) async throws -> [ListedTool] { tools.map(\.listed) }

    func invoke(_ tool: ToolCall, _ call: Call) async throws -> ToolResult {
        let tools = self.tools
        guard let found = tools.first(where: { $0.listed.toolName == tool.toolName }) else {
            let names = tools.map(\.listed.toolName)
            throw ProviderError(
                .notFound,
                "there is no tool '\(tool.toolName)'"
                    + (names.isEmpty ? "" : "; there are " + names.joined(separator: ", ")), field: "tool_name")
        }
        return try await found.run(tool.arguments, call)
    }

    private var tools: [any BuiltinTool] { listed.all.flatMap(\.value) }
}

/// One tool of this library.
protocol BuiltinTool: Sendable {
    /// Its line of the list.
    var listed: ListedTool { get }
    /// The result for arguments that a model has written: they may be anything.
    func run(_ arguments: JSONObject, _ call: Call) async throws -> ToolResult
}
