import DurableFiles
import Foundation
import GRDB
import ProviderKit

/// Opens a database file as ours: made durably, checked, brought to today's schema, set to lose nothing.
struct DatabaseFile {
    let schema: Store.Schema
    let folder: String
    let limits: Store.Limits
    private var path: String { folder + "/" + schema.name }

    init(_ schema: Store.Schema, _ folder: String, _ limits: Store.Limits) {
        (self.schema, self.folder, self.limits) = (schema, folder, limits)
    }

    func open() throws -> DatabasePool {
        let isNew = try make()
        if let place = try LogCheck.damage(in: path + "-wal") {
            throw refusal("\(path)-wal is damaged at byte \(place): writes that were acknowledged lie behind it")
        }
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            if !isNew { try pool.writeWithoutTransaction(check) }
            // Before there is anything in it: a start that is cut short leaves a file that the next one knows for ours.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA application_id = \(schema.applicationID)") }
            try migrate(pool)
            try pool.writeWithoutTransaction(protect)
            // Frames that a crash left in the log are removed, so that the next look at it finds this start's own
            // transactions alone.
            if !isNew { try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) } }
            return pool
        } catch let error as DatabaseError {
            throw refusal(
                "\(path) can't be opened: \(error.message ?? "\(error.resultCode)")"
                    + (isDamage(error) ? "; it is damaged, or no database of ours" : ""))
        }
    }

    /// An empty file for us alone, whose name survives a power cut; true when it was not there.
    private func make() throws -> Bool {
        let file = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw refusal("\(path) can't be opened: \(String(cString: strerror(errno)))") }
        defer { close(file) }
        guard lseek(file, 0, SEEK_END) == 0 else { return false }
        // That the folder itself is on disk is the host's affair.
        do { try DurableFolder.sync(folder) } catch { throw refusal("\(folder) can't be synced: \(error.reason)") }
        return true
    }

    private var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = schema.name
        configuration.maximumReaderCount = limits.readersMax
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { [schema] db in
            try schema.prepare(db)
            // To be said to the empty file: free pages can be given back to the disk.
            if !db.configuration.readonly { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
            // 16 MiB of pages, and a write-ahead log that is copied back every 16 MiB and cut to that size.
            try db.execute(
                sql: """
                    PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 16777216;
                    PRAGMA cell_size_check = ON
                    """)
        }
        return configuration
    }

    private func check(_ db: Database) throws {
        let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
        guard id == schema.applicationID || isEmpty else {
            throw refusal("\(path) is a database, but not one of ours (application_id \(id))")
        }
        let size = (try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0) * 4096
        guard size <= limits.checkedBytesMax else { return }
        let complaint = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
        guard complaint == "ok" else {
            throw refusal("\(path) is damaged: \(complaint ?? "no answer from the check")")
        }
    }

    private func migrate(_ pool: DatabasePool) throws {
        var migrator = DatabaseMigrator()
        for step in schema.steps {
            migrator.registerMigration(step.name) { try $0.execute(sql: step.sql) }
        }
        guard try !pool.read(migrator.hasBeenSuperseded) else {
            throw refusal(
                "\(path) was written by a newer version; it is left as it is. Use that version, or another folder")
        }
        try migrator.migrate(pool)
    }

    /// GRDB sets `synchronous` to NORMAL with WAL: then a commit is not yet on disk when it returns.
    private func protect(_ db: Database) throws {
        try db.execute(sql: "PRAGMA synchronous = FULL")
        if limits.bytesMax > 0 { try db.execute(sql: "PRAGMA max_page_count = \(max(1, limits.bytesMax / 4096))") }
        let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
        let journal = try String.fetchOne(db, sql: "PRAGMA journal_mode")
        guard synchronous == 2, journal == "wal" else {
            throw refusal("\(path) can't be used: this SQLite does not keep a write-ahead log")
        }
    }

    private func isDamage(_ error: DatabaseError) -> Bool {
        error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
    }

    private func refusal(_ message: String) -> ProviderError {
        ProviderError(.providerUnavailable, message + ". Restore it from a backup, or move it away to start empty")
    }
}
