import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// A job on the real model, from the command line to a chat with what it made.
    @Suite struct FinetuneTests {
        /// What a server keeps and writes is in `folder`.
        private static func environment(_ folder: TemporaryFolder) -> [String: String] {
            ["LLAMA_STACK_STATE": folder.path + "/state", "LLAMA_STACK_DATA": folder.path + "/data"]
        }

        @Test("a file becomes a model that answers: finetune, jobs, chat")
        func whole() throws {
            let folder = try TemporaryFolder()
            let rows = (0..<4).map {
                #"{"dialog": [{"role": "user", "content": "Queue \#($0)?"}, {"role": "assistant", "content": "Q\#($0)"}]}"#
            }.joined(separator: "\n")
            let file = folder.path + "/rows.jsonl"
            try Data(rows.utf8).write(to: URL(fileURLWithPath: file))
            let distribution = Setting.root + "/Distributions/train.yaml"
            try Server.run(file: distribution, environment: Self.environment(folder)) { server in
                let url = "http://127.0.0.1:\(server.port)"
                let curve = folder.path + "/curve.svg"
                let trained = try Command.run(
                    ["finetune", "--url", url, "--dataset", file, "--job", "queues", "--steps", "3", "--svg", curve],
                    exits: 0)
                #expect(trained.output.contains("checkpoint 3 is served as smollm2-135m-instruct@queues"))
                #expect(trained.output.contains("queues is completed, with 1 checkpoint\n"))
                #expect(try String(contentsOfFile: curve, encoding: .utf8).contains("<polyline"))
                let status = try Command.run(["jobs", "status", "queues", "--url", url], exits: 0)
                #expect(status.output.contains("completed"))
                let jobs = try Command.run(["jobs", "list", "--url", url], exits: 0)
                #expect(jobs.output.contains("queues  completed"), "\(jobs.output)")
                let made = try Command.run(["jobs", "artifacts", "queues", "--url", url], exits: 0)
                #expect(made.output.contains("file://"))
                let log = try Command.run(["jobs", "logs", "queues", "--url", url], exits: 0)
                #expect(log.output.contains("step 3/3 loss "))
                _ = try Command.run(["jobs", "cancel", "queues", "--url", url], exits: 0)
                for precision in ["exact", "quantized"] {
                    _ = try Command.run(
                        [
                            "finetune", "--url", url, "--dataset", file, "--job", precision, "--precision", precision,
                            "--steps", "1",
                        ], exits: 0)
                    let state = try server.client.get("/post_training/job/status?job_uuid=\(precision)").json
                    #expect(state["resources_allocated"]?["precision"]?.stringValue == precision, "\(state.text)")
                }
                let text = try Command.run(
                    [
                        "complete", "--url", url, "--model", "smollm2-135m-instruct@queues", "--prompt", "Queue",
                        "--max-tokens", "2",
                    ], exits: 0)
                #expect(text.output.count > 1)
                let again = try Command.run(
                    ["finetune", "--url", url, "--dataset", file, "--job", "queues"], exits: 73)
                #expect(again.errors.contains("there is a job 'queues' already"))
            }
        }

        @Test("preferences become a reward, which chooses data, which makes an adapter that answers: the loop in one run")
        func loop() throws {
            let folder = try TemporaryFolder()
            let pairs = (0..<4).map {
                #"{"prompt": [{"role": "user", "content": "Queue \#($0)?"}], "#
                    + #""chosen": "Q\#($0)", "rejected": "Z\#($0)"}"#
            }
            let file = folder.path + "/pairs.jsonl"
            try Data(pairs.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: file))
            try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: true)
            let distribution = Setting.root + "/Distributions/train.yaml"
            try Server.run(file: distribution, environment: Self.environment(folder)) { server in
                let url = "http://127.0.0.1:\(server.port)"
                let item: JSON = [
                    "dialog": ["message": ["role": "user", "content": "Queue 5?"]],
                    "k_generations": [["role": "assistant", "content": "Q5"], ["role": "assistant", "content": "Z5"]],
                ]
                let score: JSON = ["model": "preferred", "prompt_generations": [item]]
                // Before there is such an adapter, the reward names what it misses.
                let early = try server.post("/reward_scoring/score", score).text
                #expect(early.contains("smollm2-135m-instruct@preferences"), "\(early)")
                _ = try Command.run(
                    [
                        "finetune", "--url", url, "--dpo", "--from",
                        Setting.root + "/models/SmolLM2-135M-Instruct.Q4_1.gguf", "--dataset", file, "--job",
                        "preferences", "--steps", "6", "--epochs", "6",
                    ], exits: 0)
                let scored = try server.post("/reward_scoring/score", score)
                let items = scored.json["scored_generations"]?.items.first?["k_scored_generations"]?.items ?? []
                let scores = items.compactMap { $0["score"]?.double }
                #expect(scores.count == 2 && scores[0] > scores[1], "\(scored.text)")
                let made = try server.post(
                    "/synthetic_data_generation/generate",
                    [
                        "prompts": [
                            ["role": "user", "content": "Say hello."], ["role": "user", "content": "Name a bird."],
                        ],
                        "filtering_function": "top_k",
                        "reward_scoring": ["model": "preferred", "k": 1, "seed": 7, "dataset_uuid": "made"],
                    ], seconds: 240)
                #expect(made.json["statistics"]?["dataset"]?["is_registered"] == true, "\(made.text.prefix(400))")
                let rows = try #require(
                    try server.client.get("/datasets/get?dataset_id=made").json["content_url"]?.stringValue)
                let trained = try Command.run(
                    ["finetune", "--url", url, "--dataset", rows, "--job", "made", "--steps", "2"], exits: 0)
                #expect(trained.output.contains("checkpoint 2 is served as smollm2-135m-instruct@made"))
                let answer = try server.post(
                    "/inference/chat_completion",
                    [
                        "model": "smollm2-135m-instruct@made", "max_tokens": 4,
                        "dialog": ["message": ["role": "user", "content": "Say hello."]],
                    ])
                #expect(answer.status == 200, "\(answer.text)")
            }
        }
    }
}
