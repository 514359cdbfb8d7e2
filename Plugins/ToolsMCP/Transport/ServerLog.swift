import ChildProcess
import Dispatch
import ProviderKit
import Synchronization

/// The lines of a server's standard error in the host's log, and notes about the server, each of them once. Bounded: a
/// server that writes without end costs few lines.
final class ServerLog: Sendable {
    static let linesMax = 50
    static let secondsPerLines = 10.0
    private static let notesMax = 100

    private struct State {
        var since = DispatchTime.now()
        var lines = 0
        var dropped = 0
        var last = ""
        var notes: Set<String> = []
    }
    private let state = Mutex(State())
    private let log: Log
    private let server: String

    init(_ log: Log, server: String) { (self.log, self.server) = (log, server) }

    func add(_ line: OutputLine) {
        let text = line.text.prefix(2_000)
        let (dropped, isLogged) = state.withLock { state -> (Int, Bool) in
            let now = DispatchTime.now()
            var dropped = 0
            if Double(now.uptimeNanoseconds - state.since.uptimeNanoseconds) > Self.secondsPerLines * 1e9 {
                dropped = state.dropped
                (state.since, state.lines, state.dropped) = (now, 0, 0)
            }
            if !line.isNotice, !text.allSatisfy(\.isWhitespace) { state.last = String(text.prefix(300)) }
            guard state.lines < Self.linesMax else {
                state.dropped += 1
                return (dropped, false)
            }
            state.lines += 1
            return (dropped, true)
        }
        if dropped > 0 { log.info("\(dropped) lines of the server's are left out", ["server": server]) }
        if isLogged { log.info(String(text), ["server": server, "stream": "stderr"]) }
    }

    /// Its last line, to follow how it ended; empty when there is none.
    var lastWords: String {
        let last = state.withLock { $0.last }
        return last.isEmpty ? "" : "; its last line was: \(last)"
    }

    /// A remark that says the same each time is logged once.
    func note(_ sentence: String) {
        let isNew = state.withLock { state in
            state.notes.count < Self.notesMax && state.notes.insert(sentence).inserted
        }
        if isNew { log.warning(sentence, ["server": server]) }
    }

    func info(_ sentence: String) { log.info(sentence, ["server": server]) }
}
