import ProviderKit

/// A failure between this client and the server.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The server answered with an error; the connection goes on.
        case statement
        /// There is no connection: refused, lost, or silent for too long. Of a statement under way nothing is known.
        case connection
        /// The connection was lost in COMMIT, and it is unknown whether it succeeded.
        case unknownOutcome
    }

    package var kind: Kind
    /// The five characters of the server's error (PostgreSQL's manual, appendix A); empty when it is not the server's.
    package var sqlState: String
    /// For the log: it may hold names and values.
    package var message: String

    package init(_ kind: Kind, sqlState: String = "", _ message: String) {
        (self.kind, self.sqlState, self.message) = (kind, sqlState, message)
    }

    package var description: String { sqlState.isEmpty ? message : "\(sqlState) \(message)" }
}

extension PostgresError {
    private static let diskFull = "53100"
    private static let cancelled = "57014"
    private static let serializationFailure = "40001"
    private static let deadlock = "40P01"
    /// A server that has become a standby: the next connection may find the new primary.
    private static let readOnly = "25006"
    private static let shutDownCodes: Set = ["57P01", "57P02", "57P03", "57P05", "53300"]

    /// The transaction was undone because of another one; the same again may pass.
    var isCollision: Bool { sqlState == Self.serializationFailure || sqlState == Self.deadlock }

    /// The connection is of no use any more, whatever libpq thinks of it.
    var endsConnection: Bool {
        kind != .statement || Self.shutDownCodes.contains(sqlState) || sqlState.hasPrefix("08")
            || sqlState == Self.readOnly
    }

    /// Whether waiting does not help: a wrong password, a database that is not there, a certificate that is not
    /// trusted.
    package var isLasting: Bool {
        ["28", "3D", "42", "22", "0A"].contains { sqlState.hasPrefix($0) }
            || sqlState.isEmpty
                && ["certificate", "does not support SSL", "invalid connection option", "invalid sslmode", "root.crt"]
                    .contains { message.contains($0) }
    }

    /// The server will not do this for us: no right to it (42501), or not with this installation (0A000, 58P01, 3F000).
    package var isRefusal: Bool { ["42501", "0A000", "58P01", "3F000"].contains(sqlState) }

    /// The error for a client. The details go to the log.
    package func translated(_ log: Log) -> any Error {
        if kind == .unknownOutcome {
            log.error("the connection was lost in a commit whose outcome is not known", ["error": description])
            return ProviderError(
                .providerUnavailable,
                "the database was lost while it committed this call: whether the call took effect is not known; send it "
                    + "again with the same Idempotency-Key, or read what it would have changed", retryAfterSeconds: 1)
        }
        if endsConnection {
            log.warning("the database can't be reached", ["error": description])
            return ProviderError(
                .providerUnavailable, "the database can't be reached at the moment: nothing of this call was kept",
                retryAfterSeconds: 1)
        }
        switch sqlState {
        case Self.diskFull:
            log.error("the database's disk is full", ["error": description])
            return ProviderError(
                .storageFull,
                "the database's disk is full: nothing of this call was kept; delete something, or give it more room")
        case Self.cancelled:
            log.warning("a statement took too long", ["error": description])
            return ProviderError(
                .providerTimeout, "the database took longer than statement_seconds_max: nothing of this call was kept")
        case _ where isCollision:
            return ProviderError(
                .providerUnavailable, "other calls were in the way of this one again and again: nothing of it was kept",
                retryAfterSeconds: 1)
        case _ where sqlState.hasPrefix("53"):
            log.error("the database has run out of a resource", ["error": description])
            return ProviderError(
                .providerUnavailable,
                "the database has run out of memory or another resource: nothing of this call was kept",
                retryAfterSeconds: 5)
        case _ where sqlState.hasPrefix("58") || sqlState.hasPrefix("XX"):
            log.error("the database does not work", ["error": description])
            return ProviderError(
                .providerUnavailable,
                "the database does not work where this call would read or write; see the server's log"
            )
        default: return self
        }
    }
}
