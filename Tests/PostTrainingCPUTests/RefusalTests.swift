import Foundation
import ProviderKit
import Testing

/// What can't be trained with is refused by its field, and leaves no job.
struct RefusalTests {
    private typealias Change = @Sendable (inout PostTrainingSFTRequest) -> Void

    private static let fields: [(String, Change)] = [
        ("model", { $0.model = PretrainedModel(rawValue: "unknown") }),
        ("algorithm_config.rank", { $0.algorithmConfig = lora(rank: 0) }),
        ("algorithm_config.rank", { $0.algorithmConfig = lora(rank: 2_000) }),
        ("algorithm_config.alpha", { $0.algorithmConfig = lora(alpha: 0) }),
        ("algorithm_config.alpha", { $0.algorithmConfig = lora(alpha: -1) }),
        ("algorithm_config.lora_attn_modules", { $0.algorithmConfig = lora([]) }),
        ("algorithm_config.lora_attn_modules", { $0.algorithmConfig = lora(["q_proj", "q_proj"]) }),
        ("algorithm_config.lora_attn_modules", { $0.algorithmConfig = lora(["o_proj", "output_proj"]) }),
        ("algorithm_config.lora_attn_modules", { $0.algorithmConfig = lora(["x_proj"]) }),
        ("optimizer_config.lr", { $0.optimizerConfig.lr = 0 }),
        ("optimizer_config.lr", { $0.optimizerConfig.lr = -1 }),
        ("optimizer_config.lr_min", { $0.optimizerConfig.lrMin = 1 }),
        ("optimizer_config.lr_min", { $0.optimizerConfig.lrMin = -1 }),
        ("optimizer_config.weight_decay", { $0.optimizerConfig.weightDecay = -0.1 }),
        ("training_config.n_epochs", { $0.trainingConfig.nEpochs = -1 }),
        ("training_config.n_iters", { $0.trainingConfig.nIters = -1 }),
        ("training_config.n_epochs", { ($0.trainingConfig.nEpochs, $0.trainingConfig.nIters) = (0, 0) }),
        ("training_config.batch_size", { $0.trainingConfig.batchSize = 0 }),
        ("hyperparam_search_config.rank", { $0.hyperparamSearchConfig = ["rank": [4, 8]] }),
        ("hyperparam_search_config.seed", { $0.hyperparamSearchConfig = ["seed": [1, 2]] }),
        ("hyperparam_search_config.sead", { $0.hyperparamSearchConfig = ["sead": 1] }),
        ("hyperparam_search_config.rank", { $0.hyperparamSearchConfig = ["rank": 8] }),
        ("hyperparam_search_config.warmup_ratio", { $0.hyperparamSearchConfig = ["warmup_ratio": 2] }),
        ("hyperparam_search_config.clip_norm", { $0.hyperparamSearchConfig = ["clip_norm": -1] }),
        ("hyperparam_search_config.checkpoint_steps", { $0.hyperparamSearchConfig = ["checkpoint_steps": 0] }),
        ("hyperparam_search_config.row_tokens_max", { $0.hyperparamSearchConfig = ["row_tokens_max": 100_000] }),
        ("hyperparam_search_config.row_tokens_max", { $0.hyperparamSearchConfig = ["row_tokens_max": 1] }),
        ("hyperparam_search_config.precision", { $0.hyperparamSearchConfig = ["precision": "half"] }),
        ("hyperparam_search_config.name", { $0.hyperparamSearchConfig = ["name": ""] }),
        (
            "hyperparam_search_config.name",
            { $0.hyperparamSearchConfig = ["name": .string(String(repeating: "n", count: 197))] }
        ),
        ("job_uuid", { $0.jobUUID = String(repeating: "j", count: 197) }),
        ("logger_config.log_steps", { $0.loggerConfig = ["log_steps": 0] }),
        ("logger_config.project", { $0.loggerConfig = ["project": "x"] }),
        ("dataset.columns", { $0.dataset = Samples.dataset(#"{"a": "b"}"#, ["a": .text]) }),
        ("dataset.columns", { $0.dataset.columns["text"] = .text }),
        ("dataset.columns.dialog", { $0.dataset.columns["dialog"] = .text }),
        ("dataset.columns.dialog", { $0.dataset.columns["dialog"] = DatasetColumn(.dialog, isNullable: true) }),
        ("validation_dataset.columns", { $0.validationDataset.columns = ["a": .text] }),
        ("dataset.content_url", { $0.dataset = Samples.dataset(#"{"dialog": 1}"#) }),
        ("dataset.content_url", { $0.dataset = Samples.dataset("") }),
        ("dataset.content_url", { $0.dataset.contentURL = url("file:///etc/passwd") }),
        ("dataset.content_url", { $0.dataset.contentURL = url("https://example.com/rows.jsonl") }),
        ("validation_dataset.content_url", { $0.validationDataset = Samples.dataset(#"{"dialog": []}"#) }),
    ]

    private static func url(_ text: String) -> WireURL { (try? WireURL(text)) ?? Samples.dataset().contentURL }

    private static func lora(
        _ modules: [String] = ["q_proj"], rank: Int = 4, alpha: Int = 8
    ) -> FinetuningAlgorithmConfig {
        .lora(
            LoraFinetuningConfig(
                loraAttnModules: modules, applyLoRAToMLP: false, applyLoRAToOutput: false, rank: rank, alpha: alpha))
    }

    @Test("a mistake is refused by the name of its field, and no job exists then")
    func fields() async throws {
        try await withTraining { server in
            for (index, (field, change)) in Self.fields.enumerated() {
                var request = Samples.supervised("job-\(index)")
                change(&request)
                let error = await refusal { try await server.train(request) }
                #expect(error?.field == field, "\(index): \(error?.description ?? "accepted")")
                #expect(error?.message.hasPrefix(field) == true || field == "model", "\(error?.message ?? "")")
                let unknown = await refusal { _ = try await server.status(request.jobUUID) }
                #expect(unknown?.code == .notFound)
            }
            let jobs = try FileManager.default.subpathsOfDirectory(atPath: server.folder + "/state")
            #expect(jobs.filter { $0.hasSuffix("rows.jsonl") }.isEmpty)
        }
    }

    @Test(
        "a row that can't be read is refused by its number",
        arguments: [
            (#"{"dialog": [{"role": "user", "content": "a"}], "keep_loss": [true, false]}"#, "row 2", "keep_loss"),
            (#"{"dialog": [{"role": "robot", "content": "a"}]}"#, "row 2", "role"),
            (#"{"dialog": []}"#, "row 2", "dialog"),
            (#"{"dialog": [{"role": "user", "content": {"url": {"uri": "file:///x"}}}]}"#, "row 2", "content"),
            ("not json", "row 2", "JSON"),
        ])
    func rows(row: String, number: String, word: String) async throws {
        try await withTraining { server in
            var request = Samples.supervised("job")
            let good = #"{"dialog": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#
            let keep = DatasetColumn(.json, isNullable: true)
            request.dataset = Samples.dataset("\(good)\n\(row)\n", ["dialog": .dialog, "keep_loss": keep])
            let error = await refusal { try await server.train(request) }
            #expect(error?.field == "dataset.content_url")
            #expect(error?.message.contains(number) == true, "\(error?.message ?? "accepted")")
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "accepted")")
        }
    }

    @Test("an id that is known is 409, and so is a name in use")
    func taken() async throws {
        try await withTraining { server in
            try await server.train(Samples.supervised("a", search: ["name": "n"]))
            let known = await refusal { try await server.train(Samples.supervised("a")) }
            #expect(known?.code == .alreadyExists)
            #expect(known?.field == "job_uuid")
            let named = await refusal { try await server.train(Samples.supervised("b", search: ["name": "n"])) }
            #expect(named?.code == .alreadyExists)
            #expect(named?.field == "hyperparam_search_config.name", "\(named?.message ?? "")")
            _ = try await server.log("a")
        }
    }

    @Test("a base whose gradients are not written is refused by its architecture")
    func untrained() async throws {
        try await withTraining(model: TinyModel(architecture: "granite")) { server in
            let error = await refusal { try await server.train(Samples.supervised("a")) }
            #expect(error?.code == .invalidRequest && error?.field == "model")
            #expect(
                error?.message
                    == "model 'tiny' can't be trained: the base model's architecture: found granite, wanted one of llama, "
                    + "qwen2, qwen3")
        }
    }

    @Test("an adapter can't be trained on")
    func adapter() async throws {
        try await withTraining { server in
            try await server.train(Samples.supervised("a", steps: 1))
            _ = try await server.log("a")
            var request = Samples.supervised("b")
            request.model = PretrainedModel(rawValue: "tiny@a")
            let error = await refusal { try await server.train(request) }
            #expect(error?.code == .invalidRequest)
            #expect(error?.message.contains("is an adapter of 'tiny'") == true, "\(error?.message ?? "")")
        }
    }

    @Test("a mixture of experts is served, and can't be trained on")
    func experts() async throws {
        try await withTraining(model: TinyModel(experts: 4)) { server in
            let error = await refusal { try await server.train(Samples.supervised("a")) }
            #expect(error?.code == .invalidRequest && error?.field == "model")
            #expect(error?.message.contains("it is a mixture of 4 experts (llama)") == true, "\(error?.message ?? "")")
        }
    }

    @Test("another's job is not there")
    func principals() async throws {
        try await withTraining { server in
            try await server.train(Samples.supervised("a", steps: 1), principal: "anna")
            #expect(await refusal { _ = try await server.status("a", principal: "ben") }?.code == .notFound)
            #expect(try await server.status("a", principal: "anna").jobUUID == "a")
            #expect(try await server.jobs(principal: "ben") == [])
            let jobs = try await server.jobs(principal: "anna")
            #expect(jobs.map(\.jobUUID) == ["a"])
            #expect(jobs.map(\.servedAs) == ["tiny@a"])
        }
    }
}
