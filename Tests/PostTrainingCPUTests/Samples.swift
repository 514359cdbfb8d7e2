import Foundation
import ProviderKit

/// Requests that are good, for tests to change.
enum Samples {
    static let rows = (0..<8).map { row in
        """
        {"dialog": [{"role": "user", "content": "Where does \(row % 2 == 0 ? "red" : "blue") go?"}, \
        {"role": "assistant", "content": "\(row % 2 == 0 ? "A1" : "B2")"}]}
        """
    }.joined(separator: "\n")

    static func dataset(_ rows: String = rows, _ columns: [String: DatasetColumn] = ["dialog": .dialog]) -> Dataset {
        let data = Data(rows.utf8).base64EncodedString()
        // A data: URL is always one.
        let url = try? WireURL("data:application/jsonl;base64,\(data)")
        return Dataset(columns: columns, contentURL: url ?? missing)
    }

    private static var missing: WireURL {
        preconditionFailure("no URL")
    }

    static func supervised(
        _ id: String, steps: Int = 4, batch: Int = 2, rate: Double = 0.02, algorithm: FinetuningAlgorithm = .lora,
        modules: [String] = ["q_proj", "v_proj"], search: JSONObject = [:]
    ) -> PostTrainingSFTRequest {
        let config = FinetuningAlgorithmConfig.lora(
            LoraFinetuningConfig(
                loraAttnModules: modules, applyLoRAToMLP: false, applyLoRAToOutput: false, rank: 4, alpha: 8))
        return PostTrainingSFTRequest(
            jobUUID: id, model: PretrainedModel(rawValue: "tiny"), dataset: dataset(), validationDataset: dataset(),
            algorithm: algorithm, algorithmConfig: config,
            optimizerConfig: OptimizerConfig(optimizerType: .adamw, lr: rate, lrMin: 0, weightDecay: 0),
            trainingConfig: TrainingConfig(
                nEpochs: 100, batchSize: batch, shuffle: true, nIters: steps, enableActivationCheckpointing: false,
                memoryEfficientFSDPWrap: false, fsdpCPUOffload: false),
            hyperparamSearchConfig: search, loggerConfig: [:])
    }

    /// A job that is still running when a test looks at it.
    static func long(
        _ id: String, steps: Int = 400, algorithm: FinetuningAlgorithm = .lora, search: JSONObject = [:]
    ) -> PostTrainingSFTRequest {
        var search = search
        search["checkpoint_steps"] = search["checkpoint_steps"] ?? 20
        search["validation_steps"] = 1_000
        var request = supervised(id, steps: steps, batch: 8, rate: 0.001, algorithm: algorithm, search: search)
        // The steps alone say how long it takes.
        if steps > 400 { request.trainingConfig.nEpochs = steps }
        return request
    }

    /// `make torture-training` runs the tests of jobs as often as a long run asks for.
    static let isWhole = ProcessInfo.processInfo.environment["JOBS_ALL"] == "1"
}
