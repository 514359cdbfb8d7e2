import ProviderKit

/// What a provider's tables are: brought to today's form by one host at a time.
package struct DatabaseSchema: Sendable {
    /// Four letters of ASCII, for `pg_advisory_xact_lock`.
    private let lock: Int64
    /// Every step from an empty schema to today's form, in order. A released step never changes.
    private let steps: [(name: String, sql: String)]
    /// Runs before the steps: for extensions, say.
    private let prepare: @Sendable (Session, _ user: String) throws -> Void

    package init(
        lock: String, steps: [(name: String, sql: String)],
        prepare: @escaping @Sendable (Session, _ user: String) throws -> Void = { _, _ in }
    ) {
        self.lock = lock.utf8.prefix(4).reduce(0) { $0 << 8 | Int64($1) }
        (self.steps, self.prepare) = (steps, prepare)
    }

    /// Our schema, then the one that pgvector is in, whose operators have no other name.
    static func searchPath(_ schema: String) -> (sql: String, values: [Value]) {
        (
            """
            SELECT set_config('search_path', $1::text || coalesce((
                SELECT ', ' || quote_ident(nspname) FROM pg_extension
                JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'), ''), false)
            """, [.text(schema)]
        )
    }

    /// Throws what is wrong with the database, and what to do about it.
    func migrate(_ session: Session, _ schema: String) throws {
        try session.run("SELECT pg_advisory_xact_lock($1)", .int(lock))
        let server = try session.run(
            """
            SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), current_database(),
                current_user::text, EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1::text)
            """, .text(schema)
        ).first
        guard let server, server.int(0) >= 130_000 else {
            throw ProviderError(.invalidConfig, "the server must be PostgreSQL 13 or newer")
        }
        guard server.text(1) == "UTF8" else {
            throw ProviderError(
                .invalidConfig,
                "the database '\(server.text(2))' has the encoding \(server.text(1)), and must have UTF8")
        }
        let who = "the user '\(server.text(3))' in the database '\(server.text(2))'"
        try Self.step("\(who) may not make the schema '\(schema)'; GRANT CREATE ON DATABASE, or make it for the user") {
            if !server.bool(4) { try session.run(composed: "CREATE SCHEMA \(schema)") }
        }
        try prepare(session, who)
        let path = Self.searchPath(schema)
        try session.run(composed: path.sql, path.values)
        try Self.step("\(who) may not make tables in the schema '\(schema)'; the schema must be the user's own") {
            try runSteps(session, schema)
        }
    }

    private func runSteps(_ session: Session, _ schema: String) throws {
        try session.run(
            script: """
                CREATE TABLE IF NOT EXISTS schema_version (
                    version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
                """)
        let version = Int(try session.run("SELECT coalesce(max(version), 0) FROM schema_version").first?.int(0) ?? 0)
        guard version <= steps.count else {
            throw ProviderError(
                .invalidConfig,
                "the schema '\(schema)' has the form \(version), of a newer llama-stack; this one knows \(steps.count)")
        }
        for (index, step) in steps.enumerated().dropFirst(version) {
            try session.run(script: step.sql)
            try session.run(
                "INSERT INTO schema_version (version, name) VALUES ($1, $2)", .int(Int64(index + 1)), .text(step.name))
        }
    }

    /// An error of the server becomes one of the configuration, with advice.
    package static func step(_ advice: String, _ body: () throws -> Void) throws {
        do { try body() } catch let error as PostgresError where error.isRefusal {
            throw ProviderError(.invalidConfig, "\(advice) (\(error))")
        }
    }
}
