import ArgumentParser
import ProviderConformance

/// One check of `plugin test`, in a process of its own.
struct PluginRunCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run-check", shouldDisplay: false)

    /// Before the command line is parsed: this command watches exits and crashes by itself.
    static var isAsked: Bool { CommandLine.arguments.dropFirst().prefix(2) == ["plugin", "run-check"] }

    @Argument(help: .hidden) var setup: String

    func run() async throws { await ConformanceChild.run(setup) }
}
