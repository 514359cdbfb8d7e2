import CProcessGuard
import ContractBridge

/// Code of a provider that may change what belongs to the whole process: a library's constructors and entry, and
/// `create`.
enum ProviderCode {
    private struct Change {
        var what: String
        var restored: pg_restored

        var level: LogLevel { restored == PG_LEFT ? .info : .warning }

        var message: String {
            switch restored {
            case PG_PUT_BACK: "changed \(what); put back"
            case PG_LEFT: "changed \(what); left as it is"
            default: "changed \(what); it can't be put back"
            }
        }
    }

    /// Runs it on this thread. What it changed of the process is put back and logged under its name; a crash in it says
    /// whose it was.
    ///
    /// - Parameter label: "inference/cpu", or the library's file name before there is an instance.
    static func watched<Value, Failure: Error>(
        _ label: String, _ method: String, _ log: LogSink, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        pg_enter(label, method, nil)
        let watch = pg_watch_begin()
        defer {
            let changes = changes(since: watch)
            pg_refresh_modules()
            pg_leave()
            for change in changes { log.log(change.level, change.message, source: label) }
        }
        return try body()
    }

    private static func changes(since watch: OpaquePointer?) -> [Change] {
        var changes: [Change] = []
        withUnsafeMutablePointer(to: &changes) { all in
            pg_watch_end(
                watch,
                { all, what, restored in
                    guard let all, let what else { return }
                    all.assumingMemoryBound(to: [Change].self).pointee.append(
                        Change(what: String(cString: what), restored: restored))
                }, all)
        }
        return changes
    }
}
