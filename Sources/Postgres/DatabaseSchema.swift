import ProviderKit

/// The schema of a provider's tables: migrated to the current schema by one host at a time.
package struct DatabaseSchema: Sendable {
    /// Four letters of ASCII, for `pg_advisory_xact_lock`.
    private let lock: Int64
    /// Every step from an empty schema to the current one, in order. A released step never changes.
    private let steps: [(name: String, sql: String)]
    /// Runs before the steps: for extensions, say.
    private let prepare: @Sendable (Session, SchemaPlace) throws -> Void
    /// Describes what `prepare` would do, in sentences for the log. Only reads.
    private let foresee: @Sendable (Session, SchemaPlace) throws -> [String]

    package init(
        lock: String, steps: [(name: String, sql: String)],
        prepare: @escaping @Sendable (Session, SchemaPlace) throws -> Void = { _, _ in },
        foresee: @escaping @Sendable (Session, SchemaPlace) throws -> [String] = { _, _ in [] }
    ) {
        self.lock = lock.utf8.prefix(4).reduce(0) { $0 << 8 | Int64($1) }
        (self.steps, self.prepare, self.foresee) = (steps, prepare, foresee)
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
        let place = try SchemaPlace(session, schema)
        try Self.step(place.noSchemaAdvice) {
            if !place.hasSchema { try session.run(composed: "CREATE SCHEMA \(schema)") }
        }
        try prepare(session, place)
        let path = Self.searchPath(schema)
        try session.run(composed: path.sql, path.values)
        try Self.step(place.noTablesAdvice) { try runSteps(session, schema) }
    }

    /// Describes what ``migrate(_:_:)`` would change, in sentences for the log; throws the error that would prevent it.
    /// Only reads, while other hosts serve from the same schema.
    ///
    /// - Parameter version: gets the version that the schema has; 0: none yet.
    func check(_ session: Session, _ schema: String, version: inout Int) throws -> [String] {
        let place = try SchemaPlace(session, schema)
        var changes = try foresee(session, place)
        version = try self.version(session, schema, place)
        if !place.hasSchema { changes.append("make the schema '\(schema)'") }
        if version < steps.count {
            let names = steps.dropFirst(version).map(\.name).joined(separator: "; ")
            changes.append("bring the schema '\(schema)' from version \(version) to \(steps.count) (\(names))")
        }
        return changes
    }

    private func version(_ session: Session, _ schema: String, _ place: SchemaPlace) throws -> Int {
        guard place.hasSchema else {
            let mayMake = try session.run("SELECT has_database_privilege(current_database(), 'CREATE')").first?.bool(0)
            guard mayMake == true else { throw ProviderError(.invalidConfig, place.noSchemaAdvice) }
            return 0
        }
        let mayUse = try session.run(
            "SELECT has_schema_privilege($1::text, 'CREATE') AND has_schema_privilege($1::text, 'USAGE')", .text(schema)
        ).first?.bool(0)
        guard mayUse == true else { throw ProviderError(.invalidConfig, place.noTablesAdvice) }
        let hasTable = try session.run(
            "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1::text AND tablename = 'schema_version')",
            .text(schema)
        ).first?.bool(0)
        guard hasTable == true else { return 0 }
        let version = try Self.step(place.noTablesAdvice) {
            try session.run(composed: "SELECT coalesce(max(version), 0) FROM \(schema).schema_version").first?.int(0)
        }
        return try known(Int(version ?? 0), schema)
    }

    private func known(_ version: Int, _ schema: String) throws -> Int {
        guard version <= steps.count else {
            throw ProviderError(
                .invalidConfig,
                "the schema '\(schema)' has version \(version), of a newer llama-stack; this one knows \(steps.count)")
        }
        return version
    }

    private func runSteps(_ session: Session, _ schema: String) throws {
        try session.run(
            script: """
                CREATE TABLE IF NOT EXISTS schema_version (
                    version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
                """)
        let found = try session.run("SELECT coalesce(max(version), 0) FROM schema_version").first?.int(0)
        let version = try known(Int(found ?? 0), schema)
        for (index, step) in steps.enumerated().dropFirst(version) {
            try session.run(script: step.sql)
            try session.run(
                "INSERT INTO schema_version (version, name) VALUES ($1, $2)", .int(Int64(index + 1)), .text(step.name))
        }
    }

    /// An error of the server becomes one of the configuration, with advice.
    package static func step<Result>(_ advice: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as PostgresError where error.isRefusal {
            throw ProviderError(.invalidConfig, "\(advice) (\(error))")
        }
    }
}
