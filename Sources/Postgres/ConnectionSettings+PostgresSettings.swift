import Foundation
import ProviderKit

extension ConnectionSettings {
    /// Throws a ``ConfigurationError`` for files that are not there and a URL that is none.
    package init(_ settings: PostgresSettings, _ context: ProviderContext) throws {
        var parameters: [(key: String, value: String)] = [
            ("application_name", "llama-stack"), ("target_session_attrs", "read-write"),
            // A peer that is gone without a word is noticed within about ten seconds.
            ("keepalives_idle", "5"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
            ("sslmode", Self.isLocal(settings) ? "prefer" : "verify-full"),
        ]
        if let url = settings.url {
            do { try Self.check(url: url) } catch {
                throw ConfigurationError(
                    "/url", "\(error.message); wanted: postgresql://user:password@host:5432/database")
            }
            parameters.append(("dbname", url))
        } else {
            parameters.append(("port", "\(settings.port)"))
            let given = [
                ("host", settings.host), ("dbname", settings.database), ("user", settings.user),
                ("password", settings.password),
            ]
            for (key, value) in given { value.map { parameters.append((key, $0)) } }
        }
        if let sslmode = settings.sslmode { parameters.append(("sslmode", sslmode.rawValue)) }
        let files = [
            ("sslrootcert", "/ssl_root_certificate", settings.sslRootCertificate),
            ("sslcert", "/ssl_certificate", settings.sslCertificate), ("sslkey", "/ssl_key", settings.sslKey),
        ]
        for (key, pointer, file) in files {
            guard let file else { continue }
            let path = context.path(file)
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw ConfigurationError(pointer, "no file at \(path) that can be read")
            }
            parameters.append((key, path))
        }
        parameters.append(("client_encoding", "UTF8"))
        self.init(parameters: parameters)
        connectionsMax = settings.connectionsMax
        statementSecondsMax = settings.statementSecondsMax
        patienceSeconds = settings.reconnectSecondsMax
        prologue = [
            (
                """
                SELECT set_config('statement_timeout', $1::text, false),
                    set_config('idle_in_transaction_session_timeout', $1::text, false),
                    set_config('plan_cache_mode', 'force_custom_plan', false)
                """, [.text("\(settings.statementSecondsMax)s")]
            ),
            DatabaseSchema.searchPath(settings.schema),
        ]
    }

    private static func isLocal(_ settings: PostgresSettings) -> Bool {
        let host = settings.url.map { (try? check(url: $0)) ?? "" } ?? settings.host
        guard let host, !host.isEmpty else { return true }
        return host.split(separator: ",").allSatisfy {
            $0.hasPrefix("/") || $0.hasPrefix("@") || ["localhost", "127.0.0.1", "::1"].contains($0)
        }
    }
}
