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
    @Option(help: "The same seed draws the same answer again; needs a distribution and a temperature.") var seed: Int?
    @Option(help: "Most tokens to generate; 0: up to the model's context.") var maxTokens = 0
    @Option(
        help: "A file with a JSON Schema that each answer keeps to; needs a distribution.",
        completion: .file(extensions: ["json"]))
    var schema: String?

    func validate() throws {
        if schema != nil, distribution == nil {
            throw ValidationError(
                "--schema needs a distribution to start: a server's clients can't hold its answers to a schema")
        }
        if seed != nil, distribution == nil {
            throw ValidationError("--seed needs a distribution to start: a server's clients can't give it one")
        }
        guard temperature == 0 else { return }
        for (option, value) in [("--top-p", topP == 0.95 ? nil : "\(topP)"), ("--seed", seed.map { "\($0)" })] {
            guard let value else { continue }
            throw ValidationError(
                "\(option) \(value) has no effect at the temperature 0: give --temperature too, such as 0.7")
        }
    }

    var samplingParams: SamplingParams {
        SamplingParams(temperature: temperature, strategy: temperature > 0 ? .topP : .greedy, topP: topP, topK: 0)
    }

    /// The options of a call that no client of a server has. Reads the schema's file.
    func callOptions() throws -> JSONObject {
        var options: JSONObject = [:]
        if let seed { options["seed"] = .integer(Int64(seed)) }
        guard let schema else { return options }
        guard let data = FileManager.default.contents(atPath: schema) else {
            throw Fail.with("error: can't read the schema at \(schema)", exitCode: 66)
        }
        do throws(JSONError) {
            options["response_schema"] = try JSON(parsing: Array(data))
            return options
        } catch {
            throw Fail.with("error: \(schema): \(error)", exitCode: 65)
        }
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
