import ArgumentParser
import CommandSupport
import Host
import LlamaStackAPI

struct ProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider", abstract: "Act on one provider of a running server.",
        subcommands: [Restart.self])

    struct Restart: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restart", abstract: "Start a provider again that has a process of its own.",
            discussion: """
                Ends its process in order and starts it again, also when it is stuck or has crashed too often and stays \
                down; its crashes are forgotten. Its open calls end with 503. Returns when it serves again.
                """)

        @Argument(help: "The provider, as `ps` shows it; its id alone where only one has it.")
        var provider: String
        @OptionGroup var server: RunningServer

        func run() async throws {
            let answer = try server.ask(["method": "restart", "provider": .string(provider)])
            let name = answer["provider"]?.stringValue ?? provider
            guard case .integer(let pid)? = answer["pid"] else { return Output.line("\(name): serves again") }
            Output.line("\(name): serves again, as process \(pid)")
        }
    }
}
