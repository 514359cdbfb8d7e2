import ProviderKit

extension Pool {
    /// Reaches the server, and migrates the schema to the current one. Throws a ``ConfigurationError`` that says which
    /// setting is wrong, where the server has said so.
    ///
    /// - Parameter body: runs in the same transaction, after that.
    package func open(
        _ settings: PostgresSettings, _ schema: DatabaseSchema, _ body: @escaping @Sendable (Session) throws -> Void
    ) async throws {
        do {
            try await write(patienceSeconds: Double(settings.startSecondsMax)) { session in
                try schema.migrate(session, settings.schema)
                try body(session)
            }
        } catch let error as PostgresError { throw settings.advice(on: error) }
    }

    /// The part of the time that a host gives to a check which is left for its answer.
    private static let checkSecondsMax = 50.0

    /// Describes what ``open(_:_:_:)`` would change, in sentences for the log; throws the errors that it would. Writes
    /// nothing.
    ///
    /// - Parameter body: describes what `open`'s body would change, in a schema of this version (0: there is none).
    package func check(
        _ settings: PostgresSettings, _ schema: DatabaseSchema,
        _ body: @escaping @Sendable (Session, _ version: Int) throws -> [String]
    ) async throws -> [String] {
        let patience = min(Double(settings.startSecondsMax), Self.checkSecondsMax)
        do {
            return try await read(patienceSeconds: patience) { session in
                var version = 0
                let changes = try schema.check(session, settings.schema, version: &version)
                return try changes + body(session, version)
            }
        } catch let error as PostgresError { throw settings.advice(on: error) }
    }
}

extension PostgresSettings {
    fileprivate func advice(on error: PostgresError) -> any Error {
        func problem(_ key: String, _ advice: String) -> ConfigurationError {
            ConfigurationError(url == nil ? "/\(key)" : "/url", "\(advice) (the server said: \(error.message))")
        }
        switch error.sqlState {
        case "28P01": return problem("password", "the server did not take the password; set it by ${env.NAME}")
        case "28000": return problem("user", "the server does not let this user in from here; see its pg_hba.conf")
        case "3D000": return problem("database", "there is no such database; make it: CREATE DATABASE")
        case "53300":
            return problem(
                "connections_max",
                "the server has no connection free; lower connections_max, or raise its max_connections")
        default: break
        }
        if error.kind != .connection { return error }
        if ["certificate", "SSL", "root.crt"].contains(where: { error.message.contains($0) }) {
            return ConfigurationError(
                "/sslmode",
                "no encrypted connection as it is asked for: \(error.message). ssl_root_certificate names the certificates that "
                    + "are trusted; sslmode: require encrypts without checking who answers")
        }
        return ConfigurationError(
            url == nil ? "/host" : "/url",
            "the database can't be reached: \(error.message). Start it, or correct the address")
    }
}
