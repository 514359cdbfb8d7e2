import ProviderKit
import Synchronization

/// The tools of servers of the Model Context Protocol. A distribution lists the servers as groups of tools; no request
/// can name one.
struct MCPTools: ToolsProvider {
    static let providerType = "remote::mcp"
    static let version = ProtocolEra.clientVersion
    static let summary = "The tools of servers of the Model Context Protocol."
    static let resources: [ResourceKind]? = [.toolGroup]
    static let resourceConfigurations: [ResourceKind: Schema] = [.toolGroup: ServerConfiguration.schema]
    static let needsNetwork = true

    private let context: ProviderContext
    private let servers = Registered<MCPServer>()
    /// Those that the file has no more, or has otherwise now.
    private let retired = RetiredServers()
    /// Made anew when a server's tools have changed.
    private let table = KeptTable()

    init(configuration: NoConfiguration, context: ProviderContext) { self.context = context }

    func register(_ resource: Resource) async throws {
        guard resource.kind == ResourceKind.toolGroup.name else { throw Self.refusal(of: resource) }
        guard ListedTool.isName(resource.id), resource.id.utf8.count <= Self.serverNameBytesMax else {
            throw ProviderError(
                .invalidRequest,
                "the names of a server's tools begin with its tool_group_id, which must be 1 to "
                    + "\(Self.serverNameBytesMax) of A-Z, a-z, 0-9, _ and -, got '\(resource.id)'", field: "id")
        }
        let settings = try ServerSettings(resource.configuration(), context)
        // Nothing is started, or asked, beside a server that runs.
        guard context.purpose == .serve else { return }
        let server = MCPServer(resource.id, settings, context) { [table] in table.forget() }
        let old = servers[resource.id]
        servers.put(resource.id, server)
        table.forget()
        server.start()
        retire(old)
    }

    func unregister(_ resource: Resource) async throws {
        let old = servers[resource.id]
        try servers.remove(resource)
        table.forget()
        retire(old)
    }

    /// Calls that use it are left to end.
    private func retire(_ server: MCPServer?) {
        guard let server else { return }
        retired.take(server)
    }

    func shutdown() async {
        await withTaskGroup { group in
            for server in servers.all.map(\.value) + retired.all {
                group.addTask { await server.close() }
            }
        }
    }

    func list(_ call: Call) async throws -> [ListedTool] {
        let servers = servers.all.map(\.value)
        await withTaskGroup { group in
            for server in servers { group.addTask { await server.refresh() } }
        }
        let table = currentTable()
        for sentence in table.clashes.values { call.log.debug(sentence) }
        let unknown = servers.filter { $0.tools.isEmpty && $0.trouble != nil && table.first($0.id) == nil }
        return table.names.compactMap { listed($0, table) }
            + unknown.map {
                ListedTool(
                    toolName: $0.id, description: "The MCP server '\($0.id)', whose tools are not known.",
                    unavailable: "the MCP server '\($0.id)' is not available: \($0.trouble ?? "")")
            }
    }

    func invoke(_ tool: ToolCall, _ call: Call) async throws -> ToolResult {
        let table = currentTable()
        guard let entry = table[tool.toolName] else {
            throw ProviderError(.notFound, notFound(tool.toolName, table), field: "tool_name")
        }
        return try await entry.server.call(entry.tool, tool.arguments, call)
    }

    // MARK: names

    private static let serverNameBytesMax = 40

    private func currentTable() -> ToolTable {
        table.current {
            ToolTable(servers.all.map(\.value))
        } onNew: { table in
            for sentence in table.clashes.values.sorted() { context.log.warning(sentence) }
        }
    }

    private func listed(_ name: String, _ table: ToolTable) -> ListedTool? {
        guard let entry = table.first(name) else { return nil }
        let trouble = entry.server.trouble.map { "the MCP server '\(entry.server.id)' is not available: \($0)" }
        return ListedTool(
            toolName: name, description: entry.tool.description, parameters: entry.tool.parameters,
            unavailable: table.clashes[name] ?? trouble)
    }

    private func notFound(_ name: String, _ table: ToolTable) -> String {
        if let clash = table.clashes[name] { return clash }
        if let server = servers.all.first(where: { name == $0.id || name.hasPrefix($0.id + "_") })?.value,
            let trouble = server.trouble
        {
            return "there is no tool '\(name)': the MCP server '\(server.id)' is not available: \(trouble)"
        }
        return "there is no tool '\(name)'"
    }
}

/// Servers that serve no new calls.
final class RetiredServers: Sendable {
    private let kept = Mutex<[ObjectIdentifier: MCPServer]>([:])

    var all: [MCPServer] { kept.withLock { Array($0.values) } }

    func take(_ server: MCPServer) {
        kept.withLock { $0[ObjectIdentifier(server)] = server }
        Task {
            await server.retire()
            _ = kept.withLock { $0.removeValue(forKey: ObjectIdentifier(server)) }
        }
    }
}

/// The table of tools until something changes.
final class KeptTable: Sendable {
    private let kept = Mutex<(number: Int, table: ToolTable?)>((0, nil))

    func forget() { kept.withLock { $0 = ($0.number + 1, nil) } }

    func current(_ make: () -> ToolTable, onNew: (ToolTable) -> Void) -> ToolTable {
        let (number, table) = kept.withLock { $0 }
        if let table { return table }
        let new = make()
        // What has changed meanwhile may be missing in it.
        kept.withLock { if $0.number == number { $0.table = new } }
        onNew(new)
        return new
    }
}

/// The module of the library: what its entry answers.
public func toolsMCPModule() -> UnsafePointer<lsp_module>? { exportProviders(MCPTools.self) }
