import ArgumentParser
import CommandSupport
import Foundation
import LlamaStackAPI

/// How a job trains; a request of the draft is made of it.
struct FinetuneOptions: ParsableArguments {
    @Option(help: "The rows to train on: a file, or a file://, data: or https:// URL.", completion: .file())
    var dataset: String
    @Option(help: "Rows to validate with; without them, those of --dataset.", completion: .file())
    var validation: String?
    @Option(help: "The job's id; by default the dataset's name and the time.") var job: String?
    @Option(help: "The name under which checkpoints are served, as MODEL@NAME; by default the job's id.")
    var name: String?

    @Option(help: "lora, qlora, dora: an adapter. full: all weights.") var algorithm = FinetuningAlgorithm.lora
    @Flag(help: "Train on preferences: rows with prompt, chosen and rejected.") var dpo = false
    @Option(
        help: "With --dpo: the checkpoint to start from, as `jobs artifacts` lists it, or the path of a served model.")
    var from: String?
    @Option(help: "The adapter's rank.") var rank = 8
    @Option(help: "The change is scaled by alpha / rank.") var alpha = 16
    @Option(help: "The attention's products that are changed, with commas between.") var modules = "q_proj,v_proj"
    @Flag(help: "Change the products of the feed-forward too.") var mlp = false
    @Flag(help: "Change the head too.") var head = false

    @Option(help: "How often to go through the rows.") var epochs = 3
    @Option(help: "The most steps; 0: as many as the epochs have.") var steps = 0
    @Option(help: "Rows in a step.") var batchSize = 4
    @Option(help: "The learning rate at its peak; 1e-3, with --algorithm full 2e-5, with --dpo 2e-4.") var lr: Double?
    @Option(help: "The share of the steps in which the rate rises.") var warmup = 0.03
    @Option(help: "How much weights shrink a step.") var weightDecay = 0.01
    @Option(help: "With --dpo: how strongly preferences pull (beta).") var beta = 0.1
    @Option(help: "Steps between two checkpoints.") var checkpointSteps = 50
    @Option(help: "Steps between two validations.") var validationSteps = 50
    @Option(help: "Of the first numbers of an adapter and of the order of rows.") var seed = 0
    @Option(help: "exact, or quantized: forward with activations in 16 bits, which is faster.")
    var precision = TrainingArithmetic.exact
    @Flag(help: "Compute activations again in place of keeping them: less memory, more time.") var saveMemory = false

    func validate() throws {
        if dpo, algorithm != .lora {
            throw ValidationError("--dpo trains an adapter: --algorithm \(algorithm.rawValue) has no effect with it")
        }
        if dpo, from == nil {
            throw ValidationError(
                "--dpo needs --from: the file:// URL of a checkpoint, or the path of a model that is served")
        }
        if !dpo, from != nil { throw ValidationError("--from is for --dpo: without it, --model names the model") }
    }

    var jobID: String {
        if let job { return job }
        let file = DataURL.isOne(dataset) ? "data" : dataset
        let name = file.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? "job"
        let now = Date.now.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        return "\(name.prefix(100))-\(now.prefix { $0 != "Z" })"
    }

    private var optimizer: OptimizerConfig {
        let peak = lr ?? (dpo ? 2e-4 : algorithm == .full ? 2e-5 : 1e-3)
        return OptimizerConfig(optimizerType: .adamw, lr: peak, lrMin: peak / 100, weightDecay: weightDecay)
    }

    private var loop: TrainingConfig {
        TrainingConfig(
            nEpochs: epochs, batchSize: batchSize, shuffle: true, nIters: steps,
            enableActivationCheckpointing: saveMemory,
            memoryEfficientFSDPWrap: false, fsdpCPUOffload: false)
    }

    private var search: JSONObject {
        var search: JSONObject = [
            "seed": .integer(Int64(seed)), "warmup_ratio": .number(warmup),
            "checkpoint_steps": .integer(Int64(checkpointSteps)),
            "validation_steps": .integer(Int64(validationSteps)),
        ]
        if let name { search["name"] = .string(name) }
        if precision != .exact { search["precision"] = .string(precision.rawValue) }
        return search
    }

    /// The endpoint to call and its body. Reads the files.
    func request(model: String, job: String) async throws -> (EndpointDescription, JSON) {
        let rows = try await TrainingFile.dataset(dataset, option: "--dataset")
        var checked = rows
        if let validation { checked = try await TrainingFile.dataset(validation, option: "--validation") }
        guard !dpo else {
            let request = PostTrainingRLHFRequest(
                jobUUID: job, finetunedModel: try start(), dataset: rows, validationDataset: checked, algorithm: .dpo,
                algorithmConfig: DPOAlignmentConfig(rewardScale: beta, rewardClip: 0, epsilon: 0, gamma: 0),
                optimizerConfig: optimizer, trainingConfig: loop, hyperparamSearchConfig: search, loggerConfig: [:])
            return (PostTraining.preferenceOptimize.description, request.json)
        }
        let request = PostTrainingSFTRequest(
            jobUUID: job, model: PretrainedModel(rawValue: model), dataset: rows, validationDataset: checked,
            algorithm: algorithm, algorithmConfig: adapter,
            optimizerConfig: optimizer, trainingConfig: loop, hyperparamSearchConfig: search, loggerConfig: [:])
        return (PostTraining.supervisedFineTune.description, request.json)
    }

    private func start() throws -> WireURL {
        let place = from ?? ""
        let url = place.contains("://") ? place : URL(fileURLWithPath: place).standardizedFileURL.absoluteString
        do { return try WireURL(url) } catch { throw Fail.with("error: --from \(place): \(error)", exitCode: 65) }
    }

    private var adapter: FinetuningAlgorithmConfig {
        let attention = modules.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        return FinetuningAlgorithmConfig(
            algorithm,
            LoraFinetuningConfig(
                loraAttnModules: attention, applyLoRAToMLP: mlp, applyLoRAToOutput: head, rank: rank, alpha: alpha))
    }
}

extension FinetuningAlgorithm: ExpressibleByArgument {}

/// How a job computes its forward passes.
enum TrainingArithmetic: String, CaseIterable, ExpressibleByArgument {
    case exact, quantized
}
