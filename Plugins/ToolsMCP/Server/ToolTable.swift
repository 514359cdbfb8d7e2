import ProviderKit

/// The tools of all servers by the names that calls use. Two of one name are refused: which of them a model would mean
/// is not known.
struct ToolTable: Sendable {
    struct Entry: Sendable {
        var server: MCPServer
        var tool: ServerTool
    }

    private var entries: [String: Entry] = [:]
    /// In the servers' order, then in their tools'.
    private(set) var names: [String] = []
    /// By the name: a sentence that names both.
    private(set) var clashes: [String: String] = [:]

    init(_ servers: [MCPServer]) {
        for server in servers {
            for tool in server.tools {
                let name = tool.callName(server: server.id)
                guard let other = entries[name] else {
                    entries[name] = Entry(server: server, tool: tool)
                    names.append(name)
                    continue
                }
                clashes[name] =
                    "two tools have the name '\(name)': '\(other.tool.name)' of the server '\(other.server.id)' and "
                    + "'\(tool.name)' of '\(server.id)'; neither can be called"
            }
        }
    }

    subscript(name: String) -> Entry? { clashes[name] == nil ? entries[name] : nil }

    /// The entry, also of a name that two have.
    func first(_ name: String) -> Entry? { entries[name] }
}
