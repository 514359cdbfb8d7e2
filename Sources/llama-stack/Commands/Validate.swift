import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct Validate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a distribution: everything that run does, up to listening.",
        discussion: """
            Reports every mistake of the file at once, each at its line and column; then loads the providers, checks \
            their configuration, creates them and registers the models. Works beside a running server: each provider \
            runs in a process of its own, which has 60 s to start, gets an empty state folder, which is removed, and \
            is told to change nothing.
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
            let log = logging.output.sink
            let summary = try await manifest.overEmptyState { (manifest) throws(StartFailure) in
                try await Stack.check(manifest, log: log)
            }
            if json {
                Output.json(Self.json(isValid: true, warnings))
            } else {
                Output.line("\(distribution.file): valid: \(Self.counts(summary))")
            }
        } catch {
            if json { Output.json(Self.json(isValid: false, warnings + error.diagnostics)) }
            throw json ? ExitCode(error.exitCode) : Fail.with(error)
        }
    }

    /// "2 providers, 1 models": of the kinds that there are, and of the first in any case.
    private static func counts(_ summary: Summary) -> String {
        let kinds = ResourceKind.all.map { (title: $0.titles, count: summary.resources($0).count) }
        let shown = kinds.prefix(1) + kinds.dropFirst().filter { $0.count > 0 }
        return (["\(summary.providers.count) providers"] + shown.map { "\($0.count) \($0.title)" })
            .joined(separator: ", ")
    }

    private static func json(isValid: Bool, _ diagnostics: [FileDiagnostic]) -> JSON {
        ["valid": .bool(isValid), "diagnostics": .array(diagnostics.map(\.json))]
    }
}
