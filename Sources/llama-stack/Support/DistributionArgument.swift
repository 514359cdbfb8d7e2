import ArgumentParser
import Foundation
import Host

/// The distribution that a command works on, and how much it says while it does.
struct DistributionArgument: ParsableArguments {
    @Argument(
        help: "The distribution: a YAML file; - reads standard input.",
        completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    func manifest() throws -> Manifest { try Self.manifest(at: file) }

    /// Its mistakes end the command; its warnings are printed.
    static func manifest(at path: String) throws -> Manifest {
        do throws(StartFailure) {
            let manifest = try Manifest.load(path: path, environment: ProcessInfo.processInfo.environment)
            for warning in manifest.warnings { Output.error(warning.description) }
            return manifest
        } catch {
            throw Fail.with(error)
        }
    }
}

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
