import ArgumentParser
import CommandSupport
import Foundation
import LlamaStackAPI
import ProviderConformance

extension ConformanceSuite.Isolation: ExpressibleByArgument {}

struct PluginTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Put a provider library through what the contract asks of it.",
        discussion: """
            Each check runs in a process of its own: a provider that crashes, hangs or ends its process fails that check, \
            and the next one runs. A provider whose samples need a model gets one with --resource:

              llama-stack plugin test libprovider-inference-echo.so
              llama-stack plugin test libprovider-inference-cpu.so --seconds 60 \\
                --resource '{"kind": "model", "id": "m", "path": "/models/m.gguf"}'

            Exit code 1 when a check failed. Documentation/Conformance.md says what each of them asks, and why.
            """)

    @OptionGroup var library: LibraryArgument
    @Option(help: "The provider's configuration, as JSON.") var config = "{}"
    @Option(help: "A resource to register first, as JSON; may be given several times.") var resource: [String] = []
    @Option(help: "How long each step may take.") var seconds = 10.0
    @Option(
        help: ArgumentHelp(
            "Where the provider's code runs: inline, or process for one of its own that is reached over a socket.",
            valueName: "where"))
    var isolation = ConformanceSuite.Isolation.inline
    @Option(help: ArgumentHelp("Run this check alone; may be given several times.", valueName: "check"))
    var only: [String] = []
    @Flag(
        name: .customLong("fail-fast"), help: "Begin nothing more after the first check that failed.")
    var failFast = false
    @Flag(name: .customLong("keep-going"), help: "Run every check whatever the others found; this is the default.")
    var keepGoing = false
    @Flag(help: "Print a JSON array.") var json = false

    func validate() throws {
        for text in [config] + resource {
            do throws(JSONError) { _ = try JSON(parsing: Array(text.utf8)) } catch {
                throw ValidationError("not JSON: \(text)\n  \(error)")
            }
        }
        for name in only where !Check.names.contains(name) {
            throw ValidationError("there is no check '\(name)'; there are:\n  " + Check.names.joined(separator: "\n  "))
        }
        guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds must be above 0 and at most 3600") }
        guard !(failFast && keepGoing) else { throw ValidationError("--fail-fast and --keep-going are opposites") }
    }

    func run() async throws {
        guard FileManager.default.fileExists(atPath: library.file) else {
            throw Fail.with("error: no library at \(library.file)", exitCode: 66)
        }
        var suite = ConformanceSuite(
            library: URL(fileURLWithPath: library.file).path, config: try JSON(parsing: Array(config.utf8)),
            resources: try resource.map { try JSON(parsing: Array($0.utf8)) }, secondsMax: seconds)
        suite.only = only.isEmpty ? nil : only
        suite.stopsAtFailure = failFast
        suite.isolation = isolation
        let isText = !json
        let report = await suite.run { if isText { Output.line($0.description) } }
        if json { Output.json(.array(report.results.map(\.json))) } else { Output.line(report.summary) }
        if !report.failed.isEmpty { throw ExitCode(1) }
    }
}
