import ArgumentParser
import CommandSupport

/// The measurements. A program of its own, so that the server's command carries no engine. Exit codes are those of
/// `llama-stack`.
@main
struct LlamaStackBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "llama-stack-bench",
        abstract: "Measure this machine: a model's speed and quality, and what a call costs.",
        discussion: """
            Without a subcommand: speed. Measure on an idle machine, several times, and compare only what was measured in \
            turn. Progress goes to standard error, results to standard output.

              llama-stack-bench models/SmolLM2-135M-Instruct.Q4_1.gguf
            """,
        version: Release.version,
        subcommands: [
            BenchSpeed.self, BenchShape.self, BenchPlot.self, BenchPerplexity.self, BenchDivergence.self,
            BenchEmbeddings.self, BenchTrain.self, BenchCalls.self, BenchGrammar.self, BenchGrammarAnswers.self,
            BenchTools.self,
            BenchTurns.self, BenchFront.self, BenchAdapter.self,
        ],
        defaultSubcommand: BenchSpeed.self)

    @MainActor
    static func main() async {
        CommandProcess.prepare()
        await CommandProcess.run(Self.self)
    }
}
