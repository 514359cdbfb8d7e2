import Foundation
import ProviderKit
import Testing

struct PreferenceTests {
    private static let rows: String = (0..<8).map { (row: Int) -> String in
        let (chosen, rejected) = row % 2 == 0 ? ("A1", "B2") : ("B2", "A1")
        let color = row % 2 == 0 ? "red" : "blue"
        return """
            {"prompt": [{"role": "user", "content": "Where does \(color) go?"}], \
            "chosen": "\(chosen)", "rejected": "\(rejected)"}
            """
    }.joined(separator: "\n")

    static func request(_ id: String, from url: String, search: JSONObject = [:]) throws
        -> PostTrainingRLHFRequest
    {
        let columns: [String: DatasetColumn] = ["prompt": .dialog, "chosen": .text, "rejected": .text]
        let data = Samples.dataset(rows, columns)
        return PostTrainingRLHFRequest(
            jobUUID: id, finetunedModel: try WireURL(url), dataset: data, validationDataset: data, algorithm: .dpo,
            algorithmConfig: DPOAlignmentConfig(rewardScale: 0.1, rewardClip: 0, epsilon: 0, gamma: 0),
            optimizerConfig: OptimizerConfig(optimizerType: .adamw, lr: 0.01, lrMin: 0, weightDecay: 0),
            trainingConfig: TrainingConfig(
                nEpochs: 10, batchSize: 4, shuffle: true, nIters: 20, enableActivationCheckpointing: false,
                memoryEfficientFSDPWrap: true, fsdpCPUOffload: false),
            hyperparamSearchConfig: search, loggerConfig: [:])
    }

    @Test("preferences are learnt from a whole model and from a checkpoint, and the first loss is ln 2")
    func both() async throws {
        try await withTraining { server in
            try await server.prefer(try Self.request("whole", from: "file://\(server.folder)/tiny.gguf"))
            let whole = try await server.log("whole")
            #expect(whole.last == "completed", "\(whole.suffix(3))")
            #expect(whole.contains { $0.hasPrefix("step 1/20 loss 0.6931 ") }, "\(whole.prefix(6))")
            #expect(whole.contains { $0.contains("have no effect on one machine") })
            #expect(
                whole.contains { $0.hasPrefix("validation ") && $0.contains("accuracy 1.000") }, "\(whole.suffix(9))")
            let checkpoint = try #require(try await server.artifacts("whole").last)
            try await server.prefer(try Self.request("on", from: checkpoint.path.string))
            let on = try await server.log("on")
            #expect(on.last == "completed", "\(on.suffix(3))")
            #expect(on.contains { $0.hasPrefix("step 1/20 loss 0.6931 ") }, "\(on.prefix(6))")
            let shaped = try Self.request("no", from: checkpoint.path.string, search: ["rank": 4])
            #expect(await refusal { try await server.prefer(shaped) }?.field == "hyperparam_search_config.rank")
        }
    }

    @Test(
        "what is no checkpoint and no model can't be gone on from",
        arguments: ["https://a/b", "data:,x", "file:///etc"])
    func places(url: String) async throws {
        try await withTraining { server in
            let request = try Self.request("a", from: url)
            #expect(await refusal { try await server.prefer(request) }?.field == "finetuned_model")
        }
    }

    @Test("magnitudes are trained, and served")
    func dora() async throws {
        try await withTraining { server in
            var request = Samples.supervised("a", steps: 4, algorithm: .dora)
            request.algorithmConfig = .dora(
                DoraFinetuningConfig(
                    loraAttnModules: ["q_proj", "v_proj"], applyLoRAToMLP: false, applyLoRAToOutput: true, rank: 4,
                    alpha: 8))
            try await server.train(request)
            let log = try await server.log("a")
            #expect(log.last == "completed", "\(log.suffix(3))")
        }
    }
}
