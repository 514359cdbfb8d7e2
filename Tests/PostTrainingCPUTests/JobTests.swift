import Foundation
import Host
import ProviderKit
import Testing

/// What a job goes through, whatever happens to its process.
struct JobTests {
    private func weights(_ server: TrainingServer, _ id: String) async throws -> Data {
        let last = try #require(try await server.artifacts(id).last)
        let path = try #require(URL(string: last.path.string)).path
        return try Data(contentsOf: URL(fileURLWithPath: path + "/adapter_model.safetensors"))
    }

    /// Returns once the log has a line that begins so.
    private func wait(for beginning: String, _ server: TrainingServer, _ id: String) async throws {
        var request = CallRequest(callID: .random(in: 1..<1 << 62), method: PostTraining.jobLogs.description.method)
        request.parameters = PostTraining.jobLogs.encode(query: JobQuery(jobUUID: id))
        for try await part in try server.stack.call(PostTraining.jobLogs.description, request: request) {
            let lines = try PostTraining.jobLogs.decodeEvent(part.bytes).logLines
            if lines.contains(where: { $0.hasPrefix(beginning) }) { return }
        }
        Issue.record("no line '\(beginning)'")
    }

    private static func long(_ id: String, steps: Int = 400, search: JSONObject = [:]) -> PostTrainingSFTRequest {
        var search = search
        search["checkpoint_steps"] = search["checkpoint_steps"] ?? 20
        search["validation_steps"] = 1_000
        var request = Samples.supervised(id, steps: steps, batch: 8, rate: 0.001, search: search)
        // The steps alone say how long it takes.
        if steps > 400 { request.trainingConfig.nEpochs = steps }
        return request
    }

    @Test("a job that a shutdown interrupted ends with the weights of one that ran through, to the bit")
    func resumed() async throws {
        try await withTraining { server in
            try await server.train(Self.long("through"))
            _ = try await server.log("through")
            try await server.train(Self.long("cut"))
            let before = try await server.status("cut").scheduledAt
            try await wait(for: "checkpoint 60 is served", server, "cut")
            try await server.restart()
            let log = try await server.log("cut")
            #expect(log.contains { $0.hasPrefix("resumed at step ") }, "\(log.suffix(5))")
            let status = try await server.status("cut")
            #expect(status.status == .completed)
            #expect(status.scheduledAt == before)
            #expect(try await weights(server, "cut") == (try await weights(server, "through")))
        }
    }

    @Test(
        "a checkpoint that is damaged is left out, and the job goes on from the one before",
        arguments: [
            "state.json", "optimizer.safetensors", "adapter_model.safetensors", "adapter_config.json", "SHA256SUMS",
        ]
    )
    func damaged(file: String) async throws {
        for damage in ["cut", "flip", "gone"] {
            try await withTraining { server in
                try await server.train(Self.long("through"))
                _ = try await server.log("through")
                try await server.train(Self.long("cut"))
                try await wait(for: "checkpoint 60 is served", server, "cut")
                await server.stop()
                let folder = try Self.newestCheckpoint(below: server.folder, of: "cut", besides: "through")
                let path = "\(folder)/\(file)"
                var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                switch damage {
                case "cut": try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
                case "flip":
                    bytes[bytes.count / 2] ^= 1
                    try bytes.write(to: URL(fileURLWithPath: path))
                default: try FileManager.default.removeItem(atPath: path)
                }
                try await server.restart()
                let log = try await server.log("cut")
                #expect(log.contains { $0.contains("is damaged and left out") }, "\(damage) \(file): \(log.suffix(9))")
                #expect(try await server.status("cut").status == .completed)
                #expect(try await weights(server, "cut") == (try await weights(server, "through")))
            }
        }
    }

    /// The job that has not ended is the one with fewer steps.
    private static func newestCheckpoint(below folder: String, of id: String, besides: String) throws -> String {
        let all = try FileManager.default.subpathsOfDirectory(atPath: folder + "/state")
        let steps = all.compactMap { path -> (path: String, step: Int)? in
            guard let step = path.split(separator: "/").last.flatMap({ Int($0.replacing("step-", with: "")) }),
                path.contains("/checkpoints/step-")
            else { return nil }
            return ("\(folder)/state/\(path)", step)
        }
        let byJob = Dictionary(grouping: steps) { String($0.path.split(separator: "/").dropLast().joined()) }
        let last = byJob.values.compactMap { $0.max { $0.step < $1.step } }.min { $0.step < $1.step }
        return try #require(last).path
    }

    @Test("the newest three checkpoints are kept, and the best")
    func pruned() async throws {
        try await withTraining { server in
            try await server.train(Samples.supervised("a", steps: 12, search: ["checkpoint_steps": 2]))
            _ = try await server.log("a")
            let kept = try await server.artifacts("a").map(\.iters)
            #expect(kept.suffix(3) == [8, 10, 12])
            #expect(kept.count <= 4)
        }
    }

    @Test("early stopping ends a job whose validation gets no better, and serves the best")
    func earlyStop() async throws {
        try await withTraining { server in
            var request = Samples.supervised(
                "a", steps: 60, batch: 8, rate: 0.05,
                search: ["checkpoint_steps": 5, "validation_steps": 5, "early_stop_checks": 2])
            // The opposite of what is taught: it gets worse and worse.
            request.validationDataset = Samples.dataset(
                Samples.rows.replacing("A1", with: "Z9").replacing("B2", with: "Z9"))
            try await server.train(request)
            let log = try await server.log("a")
            #expect(log.last == "completed", "\(log.suffix(5))")
            #expect(log.contains { $0.hasPrefix("stopped early at step ") }, "\(log.suffix(9))")
        }
    }

    @Test("a job is cancelled while it runs and while it waits, twice is once, and an ended one is left as it is")
    func cancelled() async throws {
        try await withTraining { server in
            try await server.train(Self.long("a", steps: 100_000, search: ["checkpoint_steps": 1_000]))
            try await server.train(Self.long("b"))
            try await wait(for: "step 2/", server, "a")
            #expect(try await server.status("b").status == .scheduled)
            try await server.cancel("b")
            try await server.cancel("b")
            #expect(try await server.log("b").last == "cancelled")
            #expect(try await server.status("b").status == .failed)
            try await server.cancel("a")
            #expect(try await server.log("a").last == "cancelled")
            let status = try await server.status("a")
            #expect(status.status == .failed)
            #expect(status.completedAt != nil)
            try await server.cancel("a")
            #expect(try await server.status("a") == status)
        }
    }

    @Test("one more than waiting_max is 429, and there is room again when one is cancelled")
    func queueFull() async throws {
        try await withTraining(", waiting_max: 2") { server in
            try await server.train(Self.long("a", steps: 100_000, search: ["checkpoint_steps": 1_000]))
            try await wait(for: "step 1/", server, "a")
            try await server.train(Self.long("b"))
            try await server.train(Self.long("c"))
            let error = await refusal { try await server.train(Self.long("d")) }
            #expect(error?.code == .queueFull)
            #expect(error?.message.contains("waiting_max is 2") == true)
            try await server.cancel("c")
            try await server.train(Self.long("d"))
            for id in ["a", "b", "d"] { try await server.cancel(id) }
        }
    }

    @Test("of many submissions at once as many are taken as there is room for, each once, and no state is left again")
    func flood() async throws {
        try await withTraining(", waiting_max: 5") { server in
            try await server.train(Self.long("first", steps: 100_000, search: ["checkpoint_steps": 1_000]))
            try await wait(for: "step 1/", server, "first")
            let outcomes = await withTaskGroup(of: (String, ErrorCode?).self) { group in
                for number in 0..<200 {
                    // Each id comes twice.
                    let id = "job-\(number / 2)"
                    group.addTask { (id, await refusal { try await server.train(Self.long(id, steps: 2)) }?.code) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let taken = outcomes.filter { $0.1 == nil }.map(\.0)
            #expect(taken.count == 5)
            #expect(Set(taken).count == 5)
            #expect(outcomes.allSatisfy { [nil, .queueFull, .alreadyExists].contains($0.1) })
            #expect(try await server.jobs().map(\.jobUUID).sorted() == (taken + ["first"]).sorted())
            // Cancelled by many, while they wait and while one runs.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in ["first"] + taken.prefix(2) + taken.prefix(2) {
                    group.addTask { try await server.cancel(id) }
                }
                try await group.waitForAll()
            }
            for id in taken.dropFirst(2) { #expect(try await server.log(id).last == "completed") }
            let ends = try await server.jobs()
            #expect(ends.filter { $0.status == .completed }.count == 3)
            #expect(ends.filter { $0.status == .failed }.count == 3)
            #expect(ends.allSatisfy { $0.completedAt != nil })
        }
    }

    @Test("what waits keeps its place over a restart")
    func restart() async throws {
        try await withTraining { server in
            try await server.train(Self.long("a", steps: 100_000, search: ["checkpoint_steps": 1_000]))
            try await server.train(Self.long("b", steps: 2))
            try await server.train(Self.long("c", steps: 2))
            try await wait(for: "step 1/", server, "a")
            let before = try await server.status("c")
            try await server.restart()
            #expect(try await server.status("c") == before)
            try await wait(for: "step 1/", server, "a")
            try await server.cancel("a")
            _ = try await server.log("c")
            let (b, c) = (try await server.status("b"), try await server.status("c"))
            #expect(b.status == .completed && c.status == .completed)
            #expect(try #require(b.completedAt) <= (try #require(c.startedAt)))
        }
    }

    @Test("a base whose files changed since the checkpoint is refused by its name")
    func changedBase() async throws {
        try await withTraining { server in
            try await server.train(Self.long("a", steps: 100_000))
            try await wait(for: "checkpoint 40 is served", server, "a")
            await server.stop()
            try TinyModel(seed: 2).write(to: server.folder + "/tiny.gguf")
            try await server.restart()
            let log = try await server.log("a")
            #expect(log.last?.contains("the files of 'tiny' changed since checkpoint") == true, "\(log.suffix(3))")
            #expect(try await server.status("a").status == .failed)
        }
    }

    @Test("a rate that diverges fails the job with its step and rows, and nothing that is not finite is served")
    func divergence() async throws {
        try await withTraining { server in
            try await server.train(Samples.supervised("a", steps: 50, rate: 1e38, search: ["checkpoint_steps": 1]))
            let log = try await server.log("a")
            #expect(log.last?.hasPrefix("failed: step ") == true, "\(log.suffix(3))")
            #expect(log.last?.contains("is not finite, on rows ") == true, "\(log.suffix(3))")
            #expect(try await server.status("a").status == .failed)
        }
    }

    @Test("rows that leave nothing to learn fail the job, and say why")
    func nothingLeft() async throws {
        try await withTraining { server in
            var request = Samples.supervised("a")
            request.dataset = Samples.dataset(#"{"dialog": [{"role": "user", "content": "only a question"}]}"#)
            try await server.train(request)
            let log = try await server.log("a")
            #expect(
                log.last
                    == "failed: no row is left to train on: of 1 all were skipped: none has a token that carries loss")
        }
    }

    @Test("long rows are cut, rows without loss skipped, and both are counted in the log's first lines")
    func counted() async throws {
        try await withTraining { server in
            var request = Samples.supervised("a", steps: 1, search: ["row_tokens_max": 100])
            let long = String(repeating: "x", count: 100_000)
            request.dataset = Samples.dataset(
                """
                {"dialog": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
                {"dialog": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "\(long)"}]}
                {"dialog": [{"role": "user", "content": "\(long)"}, {"role": "assistant", "content": "b"}]}
                {"dialog": [{"role": "user", "content": "a"}]}
                """)
            try await server.train(request)
            let log = try await server.log("a")
            #expect(log.contains { $0.hasPrefix("training rows 4 used 2 cut 1 skipped 2 ") }, "\(log.prefix(4))")
        }
    }

    @Test("a log is read by many at once, and each has every line")
    func readers() async throws {
        try await withTraining { server in
            try await server.train(Self.long("a", steps: 200))
            let logs = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<100 { group.addTask { try await server.log("a") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(logs).count == 1)
            #expect(logs.first?.last == "completed")
            #expect(try await server.log("a") == logs.first)
        }
    }
}
