import ProviderKit

/// The database that a schema is to be in, once it is known to be fit for one.
package struct SchemaPlace: Sendable {
    let hasSchema: Bool
    /// "the user 'llama' in the database 'stack'".
    package let who: String
    private let schema: String

    /// Reads alone. Throws what no right of the user's would mend.
    init(_ session: Session, _ schema: String) throws {
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
        who = "the user '\(server.text(3))' in the database '\(server.text(2))'"
        hasSchema = server.bool(4)
        self.schema = schema
    }

    var noSchemaAdvice: String {
        "\(who) may not make the schema '\(schema)'; GRANT CREATE ON DATABASE, or make it for the user"
    }

    var noTablesAdvice: String {
        "\(who) may not make tables in the schema '\(schema)'; the schema must be the user's own"
    }
}
