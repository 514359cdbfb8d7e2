import ArgumentParser
import CommandSupport

/// The commands. Exit codes are those of sysexits: 64 usage, 65 bad input, 66 a file that is not there, 69 a provider
/// that does not serve, 70 a mistake inside or a provider that called exit(), 73 a file that cannot be written, 74
/// output that cannot be written, 75 try again later, 78 a mistake in a distribution; 141 when the output has no
/// reader.
@main
struct LlamaStack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "llama-stack",
        abstract: "Turns one YAML file into a running Llama Stack.",
        discussion: """
            A distribution is a YAML file that names providers and models. The host loads each provider from a shared \
            library and serves the Llama Stack API over HTTP:

              llama-stack run Distributions/starter.yaml
              llama-stack chat Distributions/starter.yaml
            """,
        version: Release.version,
        subcommands: [
            Run.self, Validate.self, List.self, Processes.self, ProviderCommand.self, Reload.self, Chat.self,
            Complete.self, Finetune.self, Jobs.self, DatasetCommand.self, Plugin.self, Spec.self,
        ])

    @MainActor
    static func main() async {
        // The child of a conformance check watches exits and crashes for its report.
        CommandProcess.prepare(isGuarded: !PluginRunCheck.isAsked)
        await CommandProcess.run(Self.self)
    }
}
