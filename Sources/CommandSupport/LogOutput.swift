import Foundation
import Host
import LlamaStackAPI
import Logging

/// The log: one line each on standard error, in text or JSON. Host and providers speak through ``LogSink``, the HTTP
/// front through swift-log; both end here. No thread waits for the reader of standard error.
package struct LogOutput: Sendable {
    package enum Format: String, CaseIterable, Sendable { case text, json }
    package let format: Format
    package let level: LogLevel

    package init(format: Format, level: LogLevel) { (self.format, self.level) = (format, level) }

    package var sink: LogSink {
        LogSink { line in
            guard line.level >= level else { return }
            write(line)
        }
    }

    package func logger() -> Logger {
        var logger = Logger(label: "http") { Handler(output: self, label: $0) }
        logger.logLevel = Self.swiftLog[level] ?? .info
        return logger
    }

    private static let swiftLog: [LogLevel: Logger.Level] = [
        .trace: .trace, .debug: .debug, .info: .info, .warning: .warning, .error: .error,
    ]

    /// - Parameter values: what the message says in words, again for a log that programs read.
    fileprivate func write(_ line: LogLine, values: [(String, JSON)] = []) {
        LineWriter.standardError.write(rendered(line, values)) { count, reason in
            let lines = count == 1 ? "1 log line was" : "\(count) log lines were"
            return rendered(
                LogLine(
                    level: .warning, source: "host",
                    message: "\(lines) lost: standard error could not be written (\(reason))"))
        }
    }

    private func rendered(_ line: LogLine, _ values: [(String, JSON)] = []) -> String {
        let time = Date.now.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true)) + "Z"
        let fields = line.fields.sorted { $0.key < $1.key }
        switch format {
        case .text:
            let rest = fields.map { " \($0.key)=\(Quote.printable($0.value, charactersMax: 500))" }.joined()
            return "\(time) \(line.level) \(line.source): \(Quote.printable(line.message, charactersMax: 2000))\(rest)"
        case .json:
            var object = JSONObject()
            object["time"] = .string(time)
            object["level"] = .string("\(line.level)")
            object["source"] = .string(line.source)
            object["message"] = .string(line.message)
            for (key, value) in values { object[key] = value }
            for (key, value) in fields { object[key] = .string(value) }
            return Output.shown(JSON.object(object).text, STDERR_FILENO)
        }
    }

    private struct Handler: LogHandler {
        let output: LogOutput
        let label: String
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let merged = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            let level = LogOutput.swiftLog.first { $0.value == event.level }?.key ?? .info
            var line = LogLine(level: level, source: label, message: "\(event.message)")
            var values: [(String, JSON)] = []
            for (key, value) in merged {
                if case .stringConvertible(let value) = value {
                    values.append((key, Self.json(value)))
                } else {
                    line.fields[key] = "\(value)"
                }
            }
            output.write(line, values: values)
        }

        private static func json(_ value: any CustomStringConvertible) -> JSON {
            switch value {
            case let value as Int: .integer(Int64(value))
            case let value as Double: .number(value)
            case let value as Bool: .bool(value)
            default: .string(value.description)
            }
        }
    }
}
