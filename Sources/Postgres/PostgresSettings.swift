import ProviderKit

/// Where a provider's tables are, and how long it waits for them. For a configuration:
///
///     Inline(\.database, PostgresSettings.object)
package struct PostgresSettings: WireRecord {
    package var url: String?
    package var host: String?
    package var port: Int
    package var database: String?
    package var user: String?
    package var password: String?
    package var sslmode: SSLMode?
    package var sslRootCertificate: String?
    package var sslCertificate: String?
    package var sslKey: String?
    package var schema: String
    package var connectionsMax: Int
    package var startSecondsMax: Int
    package var reconnectSecondsMax: Double
    package var statementSecondsMax: Int

    package static let object = Object(
        "PostgresSettings", isComponent: false, Self.init,
        Field(
            "url", \.url,
            "The database as a URL: postgresql://user:password@host:5432/database?sslmode=verify-full. In place of "
                + "host, port, database, user and password."),
        Field(
            "host", \.host,
            "The server's name or address; the folder of its socket when it begins with /; several, with commas "
                + "between, of which the first that takes writes is used. Absent: what libpq takes, PGHOST or the "
                + "local socket."),
        Field("port", \.port, default: 5432, check: .within(1...65_535), "The server's port."),
        Field("database", \.database, "The database. Absent: what libpq takes, PGDATABASE or the user's name."),
        Field("user", \.user, "Who connects. Absent: what libpq takes, PGUSER or the system's user."),
        Field(
            "password", \.password,
            "The user's password. Write ${env.NAME}, so that it stands in no file. Absent: what libpq takes, ~/.pgpass."
        ),
        Field(
            "sslmode", \.sslmode,
            "Whether the connection is encrypted (libpq's words). verify-full also checks who answers, and is what a "
                + "server on another machine gets unless this says otherwise; prefer is what one on this machine "
                + "gets."),
        Field(
            "ssl_root_certificate", \.sslRootCertificate,
            "The file of the certificates that are trusted (PEM). Absent: ~/.postgresql/root.crt."),
        Field(
            "ssl_certificate", \.sslCertificate, "The file of our own certificate (PEM), for a server that wants one."),
        Field("ssl_key", \.sslKey, "The file of its key, which no other user may read."),
        Field(
            "schema", \.schema, default: "llama_stack", check: .identifier,
            "The schema that holds the tables. It is made when it is not there. Hosts with the same one share what is "
                + "in it."
        ),
        Field(
            "connections_max", \.connectionsMax, default: 8, check: .within(2...100),
            "Connections to the server; made when they are needed, then kept."),
        Field(
            "start_seconds_max", \.startSecondsMax, default: 10, check: .within(1...600),
            "So long a start waits for a server that can't be reached yet."),
        Field(
            "reconnect_seconds_max", \.reconnectSecondsMax, default: 1.7, check: .within(0.1...600),
            "A call waits so long for a server that has been lost, then it is answered with 503. More than a failover "
                + "takes, and clients see none."),
        Field(
            "statement_seconds_max", \.statementSecondsMax, default: 30, check: .within(1...3600),
            "A statement that runs longer is ended, and the call is answered with 504."))

    /// Problems that concern several fields.
    package var problems: [ConfigurationError.Problem] {
        var problems: [(pointer: String, message: String)] = []
        if url != nil {
            let given = [("host", host), ("database", database), ("user", user), ("password", password)]
            problems += given.filter { $1 != nil }
                .map { ("/\($0.0)", "stands in the url already; give one of the two") }
        }
        if (sslCertificate == nil) != (sslKey == nil) {
            let missing = sslCertificate == nil ? "/ssl_key" : "/ssl_certificate"
            problems.append((missing, "ssl_certificate and ssl_key go together; give both or none"))
        }
        return problems.map { ConfigurationError.Problem(pointer: $0.pointer, message: $0.message) }
    }
}

/// libpq's words for how a connection is encrypted.
package enum SSLMode: String, WireEnum {
    case disable, allow, prefer, require
    case verifyCA = "verify-ca"
    case verifyFull = "verify-full"
}

extension Check where Value == String {
    /// One that needs no quotes in SQL.
    fileprivate static var identifier: Check {
        Check("1 to 63 small letters, digits and _, not a digit first, and not pg_…") { name in
            (1...63).contains(name.utf8.count) && !name.hasPrefix("pg_")
                && name.utf8.enumerated().allSatisfy { index, byte in
                    (0x61...0x7A).contains(byte) || byte == 0x5F || index > 0 && (0x30...0x39).contains(byte)
                }
        }
    }
}
