import ArgumentParser
import ProviderConformance

/// One check of `plugin test`, in a process of its own.
struct PluginRunCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run-check", shouldDisplay: false)

    @Argument(help: .hidden) var setup: String

    func run() async throws { await ConformanceChild.run(setup) }
}
