import ArgumentParser
import Foundation
import Host

/// The distribution that a command works on, and how much it says while it does.
struct DistributionArgument: ParsableArguments {
    @Argument(help: "The distribution: a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    func manifest() throws -> Manifest {
        do throws(StartFailure) {
            return try Manifest.load(path: file, environment: ProcessInfo.processInfo.environment)
        } catch {
            throw Fail.with(error)
        }
    }
}

struct LogOptions: ParsableArguments {
    @Option(help: "Least level to log: trace, debug, info, warning or error.")
    var logLevel: LogLevel = .info

    @Option(help: "How log lines look: text or json.")
    var logFormat: LogOutput.Format = .text

    var output: LogOutput { LogOutput(format: logFormat, level: logLevel) }
}

extension LogOutput.Format: ExpressibleByArgument {}

extension LogLevel: ExpressibleByArgument {
    public init?(argument: String) {
        guard let level = LogLevel.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self = level
    }

    public var defaultValueDescription: String { "\(self)" }

    public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}
