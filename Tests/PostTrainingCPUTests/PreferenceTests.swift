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

    @Test("pairs become an adapter whose implicit reward tells the right answer to questions that it never saw")
    func reward() async throws {
        let providers = "  reward_scoring: [{provider_id: rewards, provider_type: inline::model}]"
        let models = """
              - model_id: judge
                provider_id: rewards
                config: {kind: implicit, model: tiny@dpo, reference: tiny, reward_scale: 0.1}
            """
        try await withTraining(providers: providers, models: models) { server in
            let heldOut = ["must", "will"].flatMap { word in
                [("Where \(word) red go?", "A1", "B2"), ("Where \(word) blue go?", "B2", "A1")]
            }
            func dialog(_ text: String) -> Dialog { Dialog(message: Message(role: .user, content: .text(text))) }
            // Before: the base's own probabilities of the two.
            var before = 0
            for (question, right, wrong) in heldOut {
                let request = ScoreRequest(
                    model: "tiny", dialog: dialog(question), continuations: [.text(right), .text(wrong)])
                let scores = try await server.call(Inference.score, Nothing(), request, model: "tiny").scores
                if scores[0].logprob > scores[1].logprob { before += 1 }
            }
            var request = try Self.request("dpo", from: "file://\(server.folder)/tiny.gguf")
            let rows = ["does", "should", "can", "may", "could"].flatMap { word in
                [("red", "A1", "B2"), ("blue", "B2", "A1")].map { color, right, wrong in
                    #"{"prompt": [{"role": "user", "content": "Where \#(word) \#(color) go?"}], "#
                        + #""chosen": "\#(right)", "rejected": "\#(wrong)"}"#
                }
            }
            request.dataset = Samples.dataset(
                rows.joined(separator: "\n"), ["prompt": .dialog, "chosen": .text, "rejected": .text])
            request.hyperparamSearchConfig = ["modules": "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"]
            (request.trainingConfig.nIters, request.trainingConfig.nEpochs) = (80, 80)
            try await server.prefer(request)
            #expect(try await server.log("dpo").last == "completed")
            let items = heldOut.map { question, right, wrong in
                KPromptGenerations(
                    dialog: dialog(question),
                    kGenerations: [right, wrong].map { Message(role: .assistant, content: .text($0)) })
            }
            let answer = try await server.call(
                RewardScoring.score, Nothing(),
                RewardScoringRequest(promptGenerations: items, model: RewardModel(rawValue: "judge")), model: "judge")
            let scores = answer.scoredGenerations.map { $0.kScoredGenerations.map(\.score) }
            let after = scores.count { $0[0] > $0[1] }
            print("held-out pairs right: \(before) of 4 by the base, \(after) of 4 by the reward: \(scores)")
            // The base is random, and has no reason to prefer one.
            #expect(after == 4, "\(scores)")
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
