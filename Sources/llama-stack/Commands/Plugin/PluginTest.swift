import ArgumentParser
import Foundation
import LlamaStackAPI
import ProviderConformance

struct PluginTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Put a provider library through what the contract asks of it.",
        discussion: """
            Runs in a process of its own, so that a provider which crashes is reported and not felt. A provider whose \
            samples need a model gets one with --resource:

              llama-stack plugin test libprovider-inference-echo.so
              llama-stack plugin test libprovider-inference-cpu.so --seconds 60 \\
                --resource '{"kind": "model", "id": "m", "path": "/models/m.gguf"}'
            """)

    @OptionGroup var library: LibraryArgument
    @Option(help: "The provider's configuration, as JSON.") var config = "{}"
    @Option(help: "A resource to register first, as JSON; may be given several times.") var resource: [String] = []
    @Option(help: "How long each step may take.") var seconds = 10.0
    @Option(help: ArgumentHelp("Run this check alone; may be given several times.", valueName: "check"))
    var only: [String] = []
    @Flag(help: "Print a JSON array.") var json = false
    @Flag(help: .hidden) var inThisProcess = false

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
    }

    func run() async throws {
        guard FileManager.default.fileExists(atPath: library.file) else {
            throw Fail.with("error: no library at \(library.file)", exitCode: 66)
        }
        if inThisProcess { try await test() } else { try await testInChild() }
    }

    private func test() async throws {
        let suite = ConformanceSuite(
            library: library.file, config: try JSON(parsing: Array(config.utf8)),
            resources: try resource.map { try JSON(parsing: Array($0.utf8)) }, secondsMax: seconds)
        let results = await suite.run(only: only.isEmpty ? nil : only) { if !json { Output.line($0.description) } }
        let failed = results.filter { !$0.passed }.count
        if json {
            Output.json(.array(results.map(Self.json)))
        } else {
            Output.line("\(results.count - failed) of \(results.count) checks passed")
        }
        if failed > 0 { throw ExitCode(1) }
    }

    /// This command again, in a child that reports on the same output.
    private func testInChild() async throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = Array(CommandLine.arguments.dropFirst()) + ["--in-this-process"]
        child.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        do {
            try await OwnThread.run {
                try child.run()
                child.waitUntilExit()
            }
        } catch {
            throw Fail.with("error: can't start a process for the test: \(error.localizedDescription)", exitCode: 71)
        }
        if child.terminationReason == .uncaughtSignal {
            throw Fail.with(
                "FAIL the provider ended its process by signal \(child.terminationStatus), in the check after the last "
                    + "line above", exitCode: 1)
        }
        guard child.terminationStatus == 0 else { throw ExitCode(child.terminationStatus) }
    }

    private static func json(_ result: CheckResult) -> JSON {
        let outcome =
            switch result.outcome {
            case .passed: "passed"
            case .failed: "failed"
            case .notExercised: "skipped"
            }
        return [
            "provider": .string(result.provider), "check": .string(result.name), "outcome": .string(outcome),
            "detail": .string(result.detail),
        ]
    }
}
