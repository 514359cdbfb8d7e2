import LlamaStackAPI
import Logging
import Synchronization

@testable import Host

/// What the scripted providers say that they were asked, by request id.
final class ReceivedLog: Sendable {
    struct Call: Sendable {
        var method: String
        var resource: String
        var query: JSON
        var body: JSON
    }

    private let calls = Mutex<[String: Call]>([:])
    private let lines = Mutex<[String]>([])

    var sink: LogSink {
        LogSink { line in
            guard line.message == "received" else { return self.lines.withLock { $0.append(line.message) } }
            func json(_ key: String) -> JSON { (try? JSON(parsing: Array((line.fields[key] ?? "").utf8))) ?? .null }
            let call = Call(
                method: line.source.split(separator: "/")[0] + "." + (line.fields["method"] ?? ""),
                resource: line.fields["resource"] ?? "", query: json("query"), body: json("body"))
            self.calls.withLock { $0[line.fields["request_id"] ?? ""] = call }
        }
    }

    subscript(requestID: String) -> Call? { calls.withLock { $0[requestID] } }
    var count: Int { calls.withLock { $0.count } }
    /// What else the host and the providers said.
    var otherLines: [String] { lines.withLock { $0 } }
}

/// The front's own log: its access lines and what it says of itself.
final class FrontLog: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var text: String
        var requestID: String
        /// What the text says, as values.
        var values: [String: String]
    }

    private let kept = Mutex<[Line]>([])
    var lines: [Line] { kept.withLock { $0 } }

    func line(of requestID: String) -> Line? { lines.first { $0.requestID == requestID } }

    var logger: Logger { Logger(label: "http") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: FrontLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = (event.metadata ?? [:]).merging(metadata) { new, _ in new }
            let values = all.compactMapValues { value in
                if case .stringConvertible(let value) = value { value.description } else { nil }
            }
            let line = Line(
                level: event.level, text: "\(event.message)", requestID: all["request_id"].map { "\($0)" } ?? "",
                values: values)
            log.kept.withLock { $0.append(line) }
        }
    }
}
