import ArgumentParser
import Foundation
import Host
import LlamaStackAPI

struct Validate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a distribution: everything that run does, up to listening.",
        discussion: """
            Reports every mistake of the file at once, each at its line and column; then loads the providers, checks \
            their configuration, creates them and registers the models.
            """)

    @OptionGroup var distribution: DistributionArgument
    @Flag(help: "Print a JSON object.") var json = false
    @OptionGroup var logging: LogOptions

    func run() async throws {
        var warnings: [FileDiagnostic] = []
        do throws(StartFailure) {
            let manifest = try Manifest.load(
                path: distribution.file, environment: ProcessInfo.processInfo.environment)
            warnings = manifest.warnings
            if !json { for warning in warnings { Output.error(warning.description) } }
            let stack = try await Stack.start(manifest, log: logging.output.sink)
            let summary = stack.summary
            await stack.shutdown(withinSeconds: 5)
            if json {
                Output.json(Self.json(isValid: true, warnings))
            } else {
                Output.line(
                    "\(distribution.file): valid: \(summary.providers.count) providers, \(summary.models.count) models")
            }
        } catch {
            if json { Output.json(Self.json(isValid: false, warnings + error.diagnostics)) }
            throw json ? ExitCode(error.exitCode) : Fail.with(error)
        }
    }

    private static func json(isValid: Bool, _ diagnostics: [FileDiagnostic]) -> JSON {
        let diagnostics = diagnostics.map { diagnostic -> JSON in
            var object: JSONObject = [
                "file": .string(diagnostic.file), "code": .string(diagnostic.code),
                "message": .string(diagnostic.message),
            ]
            if let position = diagnostic.position {
                object["line"] = .integer(Int64(position.line))
                object["column"] = .integer(Int64(position.column))
            }
            if let hint = diagnostic.hint { object["hint"] = .string(hint) }
            if diagnostic.severity == .warning { object["severity"] = "warning" }
            return .object(object)
        }
        return ["valid": .bool(isValid), "diagnostics": .array(diagnostics)]
    }
}
