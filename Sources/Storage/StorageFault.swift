import GRDB
import ProviderKit

/// Translates a storage fault into an error for clients. The details go to the log, because they contain paths.
enum StorageFault {
    static let full = ProviderError(
        .storageFull, "the storage is full: nothing of this call was kept; delete something, or give it more room")
    static let closed = ProviderError(.shuttingDown, "the storage is closed")

    static func isFull(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.resultCode == .SQLITE_FULL || (error as? ProviderError) == full
    }

    /// The disk said that what was written may not be there.
    static func isFinal(_ error: any Error) -> Bool {
        guard let code = (error as? DatabaseError)?.extendedResultCode else { return false }
        return code == .SQLITE_IOERR_FSYNC || code == .SQLITE_IOERR_DIR_FSYNC
    }

    /// After these SQLite may have rolled back more than the statement.
    static func endsTransaction(_ error: any Error) -> Bool {
        guard let code = (error as? DatabaseError)?.resultCode else { return false }
        return [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_NOMEM, .SQLITE_CORRUPT, .SQLITE_NOTADB].contains(code)
    }

    static func translated(_ error: any Error, _ log: Log) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        switch error.resultCode {
        case .SQLITE_FULL:
            log.warning("the storage is full")
            return full
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            log.error("the database is damaged", ["error": "\(error)"])
            return ProviderError(
                .providerUnavailable, "the storage is damaged where this call would read or write; see the server's log"
            )
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PERM:
            log.error("the storage does not work", ["error": "\(error)"])
            return ProviderError(.providerUnavailable, "the storage does not work at the moment; see the server's log")
        case .SQLITE_INTERRUPT, .SQLITE_ABORT: return CancellationError()
        default: return error
        }
    }
}
