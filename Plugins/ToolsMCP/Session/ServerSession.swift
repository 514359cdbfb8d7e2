import ProviderKit
import Synchronization

/// A server that was opened: the era that it speaks, and what is asked of it.
final class ServerSession: Sendable {
    private struct State {
        var era: ProtocolEra
        var capabilities: Discovery.Capabilities
        /// The session that is being opened in place of another.
        var renewal: (of: String, task: Task<Void, any Error>)?
    }

    let link: any Link
    private let opening: Opening
    private let state: Mutex<State>

    /// Finds out the era and opens what it needs.
    ///
    /// - Parameter remembered: the era that the server spoke before; nil: it is not known.
    init(_ link: any Link, remembered: ProtocolEra?, _ limit: ServerRequest.Limit, _ network: NetworkClient)
        async throws
    {
        self.link = link
        opening = Opening(link: link, limit: limit, network: network)
        let (era, capabilities) = try await opening.open(remembered)
        state = Mutex(State(era: era, capabilities: capabilities))
    }

    var era: ProtocolEra { state.withLock { $0.era } }

    /// The whole list of its tools.
    func listTools(_ limit: ServerRequest.Limit, _ network: NetworkClient) async throws -> ToolList {
        let capabilities = state.withLock { $0.capabilities }
        var list = ToolList(tellsChanges: capabilities.tellsChanges)
        guard capabilities.hasTools else { return list }
        var cursors: Set<String> = []
        var cursor: String?
        repeat {
            var params = JSONObject()
            params["cursor"] = cursor.map { .string($0) }
            let request = ServerRequest(method: "tools/list", params: params, limit: limit, network: network)
            let page = try ToolPage(try await send(request))
            list.add(page)
            cursor = page.nextCursor
        } while cursor.map { list.hasNext($0, among: &cursors) } ?? false
        return list
    }

    /// Runs a tool; the answer may be that it failed.
    func call(
        _ tool: ServerTool, _ arguments: JSONObject, _ limit: ServerRequest.Limit, _ network: NetworkClient
    ) async throws -> JSON {
        try await send(
            ServerRequest(
                method: "tools/call", params: ["name": .string(tool.name), "arguments": .object(arguments)],
                name: tool.name, headers: tool.headers.compactMap { $0.header(for: arguments) }, limit: limit,
                network: network))
    }

    /// A server that has forgotten the session gets a new one and the request once more.
    private func send(_ request: ServerRequest) async throws -> JSON {
        var request = request
        request.params = era.params(request.params)
        let session = link.sessionID
        do {
            return try await link.send(request)
        } catch ServerFault.http(let status, let error, let challenge) {
            guard let session, status == 404 || status == 400 else {
                throw ServerFault.http(status: status, error, challenge: challenge)
            }
            try await renew(session)
            return try await link.send(request)
        }
    }

    /// One for all whose requests found the session gone.
    private func renew(_ session: String) async throws {
        let task = state.withLock { state -> Task<Void, any Error> in
            if let renewal = state.renewal, renewal.of == session { return renewal.task }
            let task = Task {
                let (era, capabilities) = try await opening.initialize()
                self.state.withLock { ($0.era, $0.capabilities) = (era, capabilities) }
            }
            state.renewal = (session, task)
            return task
        }
        try await task.value
    }
}

/// A server's tools, and for how long the list holds.
struct ToolList: Sendable, Equatable {
    private(set) var tools: [ServerTool] = []
    /// Sentences about tools that are left out.
    private(set) var refusals: [String] = []
    /// nil: until the server says that it has changed.
    private(set) var ttlMilliseconds: Int64?
    var tellsChanges: Bool

    init(tellsChanges: Bool) { self.tellsChanges = tellsChanges }

    var isFull: Bool { tools.count >= MessageLimits.toolsMax }

    /// Whether the page of this cursor is asked for; that a list ends before its server says so is a refusal.
    mutating func hasNext(_ cursor: String, among asked: inout Set<String>) -> Bool {
        if isFull { return false }
        guard asked.insert(cursor).inserted else {
            refusals.append("pages behind the cursor '\(cursor.prefix(40))', which a page names that it led to")
            return false
        }
        guard asked.count < MessageLimits.pagesMax else {
            refusals.append("pages behind the first \(MessageLimits.pagesMax) of the list (pagesMax)")
            return false
        }
        return true
    }

    mutating func add(_ page: ToolPage) {
        refusals += page.refusals
        ttlMilliseconds = [ttlMilliseconds, page.ttlMilliseconds].compactMap { $0 }.min()
        for tool in page.tools {
            guard !isFull else {
                refusals.append(
                    "tools from '\(tool.name.prefix(80))' on are left out: toolsMax is \(MessageLimits.toolsMax)")
                return
            }
            tools.append(tool)
        }
    }
}
