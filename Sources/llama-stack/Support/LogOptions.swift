import ArgumentParser
import CommandSupport
import Host

struct LogOptions: ParsableArguments {
    @Option(help: "Least level to log: trace, debug, info, warning or error.")
    var logLevel = LogLevelName.info

    @Option(help: "How log lines look: text or json.")
    var logFormat: LogOutput.Format = .text

    var output: LogOutput { LogOutput(format: logFormat, level: logLevel.level) }
}

extension LogOutput.Format: ExpressibleByArgument {}

/// The words for a log's levels. A type of its own: of one with numbers behind its cases, help shows the number.
enum LogLevelName: String, CaseIterable, ExpressibleByArgument {
    case trace, debug, info, warning, error

    var level: LogLevel {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
