import Foundation
import GRDB
import ProviderKit
import Storage

extension Store.Schema {
    /// `definition` is the request that created the agent, as JSON; `tools` what the server's own tools were like then.
    static let agents = Store.Schema(
        name: "agents.sqlite", applicationID: "LSag",
        steps: [
            (
                "1 agents",
                """
                CREATE TABLE agent (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    uuid TEXT NOT NULL UNIQUE,
                    principal TEXT NOT NULL,
                    definition BLOB NOT NULL,
                    tools BLOB NOT NULL
                );
                """
            ),
            ("2 remembered answers", RememberedAnswers.schema),
        ])
}

/// The agents of one instance, in SQLite. An agent is its creator's alone: for any other principal it does not exist.
struct AgentStore: Sendable {
    private let store: Store
    private let answers: RememberedAnswers
    private let agentsMax: Int

    init(in folder: String, _ configuration: AgentsConfiguration, log: Log) async throws {
        store = try await Store.open(.agents, in: folder, log: log)
        answers = RememberedAnswers(configuration.idempotency)
        agentsMax = configuration.agentsMax
    }

    func close() async { await store.close() }

    /// Throws `alreadyExists` when an agent has the id; answers a request that was sent before as it was answered then.
    /// Returns when the agent is on disk.
    func add(_ agent: Agent, _ call: Call) async throws -> AgenticSystemCreateResponse {
        let definition = Data(agent.definition.json.bytes)
        let tools = Data(agent.tools.json.bytes)
        return try await store.write { [answers, agentsMax] db in
            try answers.once(call.idempotent, db) {
                try db.addAgent(agent.id, call.principal, definition, tools, agentsMax: agentsMax)
                return AgenticSystemCreateResponse(agentUUID: agent.id)
            }
        }
    }

    /// The answer to the same request, when it was sent before; throws `alreadyExists` when the id is in use. For a
    /// check before the others, which ask other providers.
    func answer(before request: AgenticSystemCreateRequest, _ call: Call) async throws -> AgenticSystemCreateResponse? {
        do {
            return try await store.write { [answers] db in
                try answers.once(call.idempotent, db) {
                    guard try !db.hasAgent(request.uuid) else { throw Database.agentExists(request.uuid) }
                    throw NotMadeYet()
                }
            }
        } catch is NotMadeYet {
            return nil
        }
    }

    /// Throws `notFound` for an id that the caller has no agent of.
    func agent(_ id: String, _ call: Call, field: String) async throws -> Agent {
        let row = try await store.read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT definition, tools FROM agent WHERE uuid = ? AND principal = ?")
            return try Row.fetchOne(statement, arguments: [id, call.principal]).map { ($0[0] as Data, $0[1] as Data) }
        }
        guard let (definition, tools) = row else { throw Database.unknownAgent(id, field: field) }
        do {
            return Agent(
                definition: try AgenticSystemCreateRequest(json: Self.parse(definition), at: .root),
                tools: try AgentTools(json: Self.parse(tools), at: .root))
        } catch {
            throw ProviderError(
                .providerUnavailable, "the agent '\(id)' is damaged on disk: delete it, and create it again")
        }
    }

    func delete(_ id: String, _ call: Call) async throws {
        _ = try await store.write(.freeing) { [answers] db in
            try answers.once(call.idempotent, db) {
                try db.execute(
                    sql: "DELETE FROM agent WHERE uuid = ? AND principal = ?", arguments: [id, call.principal])
                guard db.changesCount == 1 else { throw Database.unknownAgent(id, field: "agent_id") }
                return Nothing()
            }
        }
    }

    private static func parse(_ data: Data) throws -> JSON {
        try JSON(parsing: [UInt8](data), limits: JSONLimits(bodyBytesMax: .max))
    }
}

/// The call was not answered before, under its key.
private struct NotMadeYet: Error {}

extension Database {
    fileprivate func hasAgent(_ id: String) throws -> Bool {
        try Int.fetchOne(self, sql: "SELECT 1 FROM agent WHERE uuid = ?", arguments: [id]) != nil
    }

    fileprivate func addAgent(
        _ id: String, _ principal: String, _ definition: Data, _ tools: Data, agentsMax: Int
    ) throws {
        let count = try Int.fetchOne(self, sql: "SELECT count(*) FROM agent") ?? 0
        guard count < agentsMax else {
            throw ProviderError(
                .storageFull, "there are \(count) agents, and agents_max is \(agentsMax): delete some first")
        }
        try execute(
            sql: """
                INSERT INTO agent (uuid, principal, definition, tools) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
            arguments: [id, principal, definition, tools])
        guard changesCount == 1 else { throw Self.agentExists(id) }
    }

    fileprivate static func agentExists(_ id: String) -> ProviderError {
        ProviderError(.alreadyExists, "there is an agent '\(id)' already", field: "uuid")
    }

    fileprivate static func unknownAgent(_ id: String, field: String) -> ProviderError {
        ProviderError(.notFound, "there is no agent '\(id)'", field: field)
    }
}
