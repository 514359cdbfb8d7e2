import CPostgres
import Foundation

/// Where the server is, and how long one waits for it.
package struct ConnectionSettings: Sendable {
    /// libpq's own words: host, port, dbname, user, password, sslmode, …; the last of two counts.
    package var parameters: [(key: String, value: String)]
    /// The first statements of each connection.
    package var prologue: [(sql: String, values: [Value])] = []
    package var connectionsMax = 8
    /// The server ends a statement that runs longer.
    package var statementSecondsMax = 30
    /// From the moment of a call, or of the last sign of life, until it is told that the server can't be reached.
    package var patienceSeconds = 1.7
    /// A connection is made within this, or not at all.
    package var connectSecondsMax = 1.2
    /// A server that has said nothing for so long is asked on another connection whether it lives at all.
    package var silenceSeconds = 0.6
    /// So long a call waits while every connection is at work.
    package var busySecondsMax = 10.0

    package init(parameters: [(key: String, value: String)]) { self.parameters = parameters }
}

extension ConnectionSettings {
    /// Reads a URL as libpq does, and answers the host in it.
    @discardableResult
    package static func check(url: String) throws(PostgresError) -> String? {
        guard url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") else {
            throw PostgresError(.connection, "it does not begin with postgresql://")
        }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            defer { PQfreemem(message) }
            let text = message.map { String(cString: $0) } ?? "out of memory"
            throw PostgresError(.connection, text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            if String(cString: keyword) == "host" { return option.pointee.val.map { String(cString: $0) } }
            option += 1
        }
        return nil
    }
}
