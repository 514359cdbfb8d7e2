import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

/// Where a command finds a model, and how it samples.
struct ModelOptions: ParsableArguments {
    @Argument(
        help: "A distribution to start for this command; without it, the server at --url is used.",
        completion: .file(extensions: ["yaml", "yml"]))
    var distribution: String?

    @Option(help: "A running stack.") var url = "http://127.0.0.1:8321"
    @Option(help: "The model's id; with a distribution, its first model unless given.") var model: String?
    @Option(help: "Sampling temperature; 0 takes the likeliest token.") var temperature = 0.0
    @Option(help: "Sample from the likeliest tokens that make up this share of the mass.") var topP = 0.95
    @Option(help: "Most tokens to generate; 0: up to the model's context.") var maxTokens = 0

    func validate() throws {
        guard temperature == 0, topP != 0.95 else { return }
        throw ValidationError("--top-p \(topP) has no effect at the temperature 0: give --temperature too, such as 0.7")
    }

    var samplingParams: SamplingParams {
        SamplingParams(temperature: temperature, strategy: temperature > 0 ? .topP : .greedy, topP: topP, topK: 0)
    }

    /// The connection, and the model to ask.
    func connect(_ log: LogOutput, defaultModel: String) async throws -> (any StackConnection, model: String) {
        guard let distribution else { return (RemoteStack(url: url), model ?? defaultModel) }
        let manifest = try DistributionArgument.manifest(at: distribution)
        let stack = try await RunningStack.start(manifest, log)
        guard let model = model ?? stack.summary.firstModel else {
            await stack.shutdown(withinSeconds: 5)
            throw Fail.with("error: \(distribution) has no models\n  hint: add one under `models`", exitCode: 78)
        }
        return (LocalStack(stack: stack), model)
    }
}
