/// How much a line of the log matters. The raw values are those of the plug-in contract.
package enum LogLevel: Int32, Sendable, Comparable, CaseIterable {
    case trace = 0, debug, info, warning, error
    package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// One line of the log. Never holds the content of a request.
package struct LogLine: Sendable {
    package var level: LogLevel
    /// Who speaks: "host", or the provider's "api/provider_id".
    package var source: String
    package var message: String
    package var fields: [String: String]

    package init(level: LogLevel, source: String, message: String, fields: [String: String] = [:]) {
        (self.level, self.source, self.message, self.fields) = (level, source, message, fields)
    }
}

/// Where the host's and the providers' log lines go. A closure, so that Host needs no logging package.
package struct LogSink: Sendable {
    private let write: @Sendable (LogLine) -> Void

    /// `write` may be called from any thread and must not block for long.
    package init(_ write: @escaping @Sendable (LogLine) -> Void) { self.write = write }

    package static let discard = LogSink { _ in }

    package func log(
        _ level: LogLevel, _ message: String, _ fields: [String: String] = [:], source: String = "host"
    ) {
        write(LogLine(level: level, source: source, message: message, fields: fields))
    }
}

/// One measurement of a provider.
package struct Measurement: Sendable {
    package enum Kind: Int32, Sendable { case counter = 1, gauge, histogram }
    package var kind: Kind
    /// snake_case, unit last.
    package var name: String
    package var value: Double
    package var labels: [String: String]
    /// "api/provider_id".
    package var source: String

    package init(kind: Kind, name: String, value: Double, labels: [String: String], source: String) {
        self.kind = kind
        self.name = name
        self.value = value
        self.labels = labels
        self.source = source
    }
}

/// Where the providers' measurements go.
package struct MetricsSink: Sendable {
    private let write: @Sendable (Measurement) -> Void
    package init(_ write: @escaping @Sendable (Measurement) -> Void) { self.write = write }
    package static let discard = MetricsSink { _ in }
    package func record(_ measurement: Measurement) { write(measurement) }
}
