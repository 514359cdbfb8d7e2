import ContractBridge
import LlamaStackAPI
import Runtimes
import Synchronization

/// Collects an instance's messages beside its answers, at the host's end of the socket: its log and measurements, the
/// breaches that its process noticed, and the end of that process.
final class SocketWatch: Sendable {
    private struct State {
        var death: String?
        /// The last lines of the process on standard error.
        var lastWords: [String] = []
    }

    private let record: HostRecord
    private let report: Reporter
    private let state = Mutex(State())

    init(needs: [String], report: Reporter) {
        self.report = report
        record = HostRecord(needs: needs, report: report)
    }

    /// There is no other provider here.
    var host: HostReach {
        var host = HostReach.alone(log: log)
        host.metrics = MetricsSink { [record] in record.take($0) }
        return host
    }

    var log: LogSink { LogSink { [self] in take($0) } }

    /// "ended by SIGSEGV", and what it said at the end.
    var death: String? {
        state.withLock { state in
            state.death.map { ([$0] + state.lastWords.map { "it said: \($0)" }).joined(separator: "\n") }
        }
    }

    /// An error that speaks of the process is its end.
    func ended(_ error: CallError) {
        guard [.providerCrashed, .providerProtocolError].contains(error.code) else { return }
        noteDeath(error.message)
    }

    private func noteDeath(_ text: String) {
        // "the provider inference/conformance ended by SIGSEGV"
        let reason = text.firstRange(of: "/conformance ").map { String(text[$0.upperBound...]) } ?? text
        state.withLock { state in if state.death == nil { state.death = Quote.line(reason) } }
    }

    private func take(_ line: LogLine) {
        if let stream = line.fields["stream"] {
            guard stream == "stderr" else { return }
            return state.withLock { state in
                state.lastWords = (state.lastWords + [Quote.line(line.message)]).suffix(3)
            }
        }
        if let what = line.message.wholeRest(after: "broke the contract: ") {
            return report.broken(Self.rule(what), "the provider's process logged: \(line.message)")
        }
        if line.message.contains("its \"needs\" does not name") {
            return report.broken(.host, "it \(line.message)")
        }
        if let what = line.message.wholeRest(after: "was not stopped in order: "), what.contains("/conformance ") {
            return noteDeath(what)
        }
        record.take(line)
    }

    /// Which rule the words of the host's own checks are about.
    private static func rule(_ what: String) -> Rule {
        if what.contains("after finish") || what.contains("unfinished") { return .finish }
        return what.hasPrefix("its error") ? .errors : .writes
    }
}

extension String {
    fileprivate func wholeRest(after prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}

/// A check works on a thread that may block; the host's runtimes do not.
enum Blocking {
    static func wait<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
        let once = Once<Value>()
        Task { once.set(await body()) }
        return once.waitBlocking()
    }
}
