import Postgres
import ProviderKit

/// Finds out what a start would do to a database, and what would keep it from doing so. Reads, and writes nothing: it works
/// in a transaction that can't write, beside hosts that serve from the same schema.
enum SchemaCheck {
    /// Sentences for the log: what a start would change.
    static func run(_ session: Session, schema: String, model: String?) throws -> [String] {
        let place = try SchemaPlace(session, schema)
        var changes: [String] = []
        if model != nil, try !hasExtension(session, place) { changes.append("add pgvector to the database") }
        let version = try version(session, schema, place)
        if !place.hasSchema { changes.append("make the schema '\(schema)'") }
        if version < Migrations.steps.count {
            let names = Migrations.steps.dropFirst(version).map(\.name).joined(separator: "; ")
            changes.append("bring the schema '\(schema)' from form \(version) to \(Migrations.steps.count) (\(names))")
        }
        if let model, try !knows(model, session, schema, version) {
            changes.append("embed the documents that are there with '\(model)', which is new in the schema")
        }
        guard !changes.isEmpty else {
            return ["the schema '\(schema)' has today's form, \(version): a start changes nothing in it"]
        }
        return changes.map { "a start will \($0)" }
    }

    private static func hasExtension(_ session: Session, _ place: SchemaPlace) throws -> Bool {
        if let version = try Migrations.extensionVersion(session) {
            try Migrations.checkExtension(version)
            return true
        }
        let mayAdd = try session.run(
            """
            SELECT coalesce(bool_or(rolsuper OR (trusted OR NOT superuser)
                AND has_database_privilege(current_database(), 'CREATE')), false)
            FROM pg_available_extension_versions, pg_roles WHERE name = 'vector' AND rolname = current_user
            """
        ).first?.bool(0)
        guard mayAdd == true else { throw ProviderError(.invalidConfig, place.noExtensionAdvice) }
        return false
    }

    /// The form that the schema has; 0: none yet.
    private static func version(_ session: Session, _ schema: String, _ place: SchemaPlace) throws -> Int {
        guard place.hasSchema else {
            let mayMake = try session.run("SELECT has_database_privilege(current_database(), 'CREATE')").first?.bool(0)
            guard mayMake == true else { throw ProviderError(.invalidConfig, place.noSchemaAdvice) }
            return 0
        }
        let mayUse = try session.run(
            "SELECT has_schema_privilege($1::text, 'CREATE') AND has_schema_privilege($1::text, 'USAGE')", .text(schema)
        ).first?.bool(0)
        guard mayUse == true else { throw ProviderError(.invalidConfig, place.noTablesAdvice) }
        guard try hasTable("schema_version", session, schema) else { return 0 }
        let version = try Migrations.step(place.noTablesAdvice) {
            try session.run(composed: "SELECT coalesce(max(version), 0) FROM \(schema).schema_version").first?.int(0)
        }
        try Migrations.checkVersion(Int(version ?? 0), schema)
        return Int(version ?? 0)
    }

    private static func knows(_ model: String, _ session: Session, _ schema: String, _ version: Int) throws -> Bool {
        guard version > 0 else { return true }
        let sql = "SELECT EXISTS (SELECT 1 FROM \(schema).embedding_model WHERE name = $1)"
        return try session.run(composed: sql, [.text(model)]).first?.bool(0) == true
    }

    private static func hasTable(_ name: String, _ session: Session, _ schema: String) throws -> Bool {
        try session.run(
            "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1::text AND tablename = $2::text)",
            .text(schema), .text(name)
        ).first?.bool(0) == true
    }
}
