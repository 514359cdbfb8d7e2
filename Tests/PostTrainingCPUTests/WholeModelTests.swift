import Checkpoints
import Foundation
import Host
import LlamaEngine
import LlamaTraining
import ModelFixtures
import Parallel
import ProviderKit
import Testing

@testable import PostTrainingCPU

/// The algorithm `full`: all weights are trained, and the checkpoint is a model.
struct WholeModelTests {
    private static func request(
        _ id: String, steps: Int = 40, search: JSONObject = ["checkpoint_steps": 10]
    ) -> PostTrainingSFTRequest {
        Samples.supervised(id, steps: steps, batch: 8, rate: 0.003, algorithm: .full, search: search)
    }

    /// The folder of the newest checkpoint that is listed.
    private func newest(_ server: TrainingServer, _ id: String) async throws -> String {
        let last = try #require(try await server.artifacts(id).last)
        return try #require(URL(string: last.path.string)).path
    }

    /// The numbers of the log's lines that begin with `key`, behind the word `name`.
    private static func numbers(_ log: [String], _ key: String, _ name: String) -> [Double] {
        log.filter { $0.hasPrefix(key) }.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            return words.firstIndex(of: name).flatMap { Double(words[$0 + 1]) }
        }
    }

    @Test("all weights are trained, the loss falls, and the checkpoint is a GGUF file that answers with its numbers")
    func whole() async throws {
        try await withTraining { server in
            try await server.train(Self.request("a"))
            let log = try await server.log("a")
            #expect(log.last == "completed", "\(log.suffix(3))")
            let losses = Self.numbers(log, "step ", "loss")
            #expect(losses.count == 40)
            let (first, last) = (try #require(losses.first), try #require(losses.last))
            #expect(last < 0.5 * first, "\(losses)")
            let folder = try await newest(server, "a")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                    == ["SHA256SUMS", "model.gguf", "optimizer.safetensors", "state.json"])
            #expect(try await server.artifacts("a").map(\.iters) == [20, 30, 40])
            let base = try GGUFFile.open(path: server.folder + "/tiny.gguf")
            let made = try GGUFFile.open(path: folder + "/model.gguf")
            #expect(Set(base.keys).isSubset(of: made.keys))
            #expect(made.tensors.map(\.name) == base.tensors.map(\.name))
            // The loss of the served model on the rows is the trainer's.
            #expect(try await server.chat("tiny@a", "Where does red go?") == "A1")
            var (sum, tokens) = (0.0, 0)
            for (color, answer) in [("red", "A1"), ("blue", "B2")] {
                let request = ScoreRequest(
                    model: "tiny@a",
                    dialog: Dialog(message: Message(role: .user, content: .text("Where does \(color) go?"))),
                    continuations: [.text(answer)])
                let score = try #require(
                    try await server.call(Inference.score, Nothing(), request, model: "tiny@a").scores.first)
                sum -= score.logprob
                tokens += score.tokenLogprobs.count
            }
            let trained = try #require(Self.numbers(log, "validation ", "validation").last)
            #expect(abs(sum / Double(tokens) - trained) < 2e-4)
        }
    }

    @Test("a job that a shutdown interrupted ends with the weights of one that ran through, to the bit")
    func resumed() async throws {
        try await withTraining { server in
            try await server.train(Self.request("through", steps: 120))
            _ = try await server.log("through")
            try await server.train(Self.request("cut", steps: 120))
            var request = CallRequest(callID: 1, method: PostTraining.jobLogs.description.method)
            request.parameters = PostTraining.jobLogs.encode(query: JobQuery(jobUUID: "cut"))
            for try await part in try server.stack.call(PostTraining.jobLogs.description, request: request) {
                let lines = try PostTraining.jobLogs.decodeEvent(part.bytes).logLines
                if lines.contains(where: { $0.hasPrefix("checkpoint 30 is served") }) { break }
            }
            try await server.restart()
            let log = try await server.log("cut")
            #expect(log.contains { $0.hasPrefix("resumed at step ") }, "\(log.suffix(5))")
            #expect(log.last == "completed")
            for name in ["model.gguf", "optimizer.safetensors"] {
                let through = try await newest(server, "through"), cut = try await newest(server, "cut")
                let same = FileManager.default.contentsEqual(atPath: "\(through)/\(name)", andPath: "\(cut)/\(name)")
                #expect(same, "\(name)")
            }
        }
    }

    @Test("preferences and a further job go on from the whole model that a job's id stands for, and from no other")
    func goneOn() async throws {
        try await withTraining { server in
            try await server.train(Self.request("a"))
            #expect(try await server.log("a").last == "completed")
            let checkpoints = try await server.artifacts("a").map(\.path.string)
            let served = try #require(checkpoints.last)
            try await server.prefer(try PreferenceTests.request("dpo", from: served))
            let log = try await server.log("dpo")
            #expect(log.last == "completed", "\(log.suffix(3))")
            _ = try await server.chat("tiny@a@dpo", "Where does red go?")
            let other = try PreferenceTests.request("no", from: checkpoints[0])
            let error = await refusal { try await server.prefer(other) }
            #expect(error?.field == "finetuned_model")
            #expect(error?.message.contains("must be the checkpoint that 'tiny@a' serves") == true)
            var further = Samples.supervised("more", steps: 2)
            further.model = PretrainedModel(rawValue: "tiny@a")
            try await server.train(further)
            #expect(try await server.log("more").last == "completed")
        }
    }

    @Test("a model that is still trained can't be gone on from")
    func unfinished() async throws {
        try await withTraining { server in
            var request = Self.request("a", steps: 100_000)
            request.trainingConfig.nEpochs = 100_000
            try await server.train(request)
            while try await server.artifacts("a").isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            let checkpoint = try #require(try await server.artifacts("a").last).path.string
            let early = try PreferenceTests.request("no", from: checkpoint)
            let error = await refusal { try await server.prefer(early) }
            // Meanwhile it may have been pruned.
            #expect(error?.field == "finetuned_model")
            try await server.cancel("a")
        }
    }

    @Test(
        "a checkpoint has the form of its base, and the run's numbers to the bit",
        arguments: [
            "folders/llama", "folders/llama31", "folders/qwen2", "folders/qwen3", "models/llama.gguf",
            "models/qwen2.gguf", "models/qwen3.gguf",
        ])
    func forms(name: String) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/whole-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let base = try ModelCheckpoint.open(path: Fixture.repository.appending(path: "Tests/Fixtures/\(name)").path)
        var settings = TrainingSettings()
        (settings.algorithm, settings.modules, settings.epochs) = (.full, [], 4)
        let rows = (0..<4).map { row in
            TrainingRow(
                tokens: (0..<12).map { Int32(($0 * 7 + row * 11) % 200) }, hasLoss: .init(repeating: true, count: 12))
        }
        let pool = try ThreadPool(threads: 1)
        func trainer(_ base: ModelCheckpoint) throws -> Trainer {
            try Trainer(base: Model(base), settings: settings, data: .rows(rows), pool: pool)
        }
        let run = try trainer(base)
        for _ in 0..<3 { _ = try run.advance() }
        try WholeModelFiles.write(run, base, to: folder)
        let made = try ModelCheckpoint.open(path: WholeModelFiles.path(in: folder))
        #expect(made.format == base.format)
        #expect(Set(made.tensors.keys) == Set(base.tensors.keys))
        #expect(try trainer(made).validationLoss(rows).bitPattern == (try run.validationLoss(rows).bitPattern))
        let saved = try WholeModelFiles.reader(of: folder, for: run)
        let weights = run.state.filter { run.weightName(of: $0.name, in: base.names) != nil }
        #expect(weights.count == run.weights(named: base.names).count)
        for weight in weights { #expect(saved(weight.name) == weight.numbers(), "\(weight.name)") }
    }
}
