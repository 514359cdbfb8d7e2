import Foundation
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
    }
}
