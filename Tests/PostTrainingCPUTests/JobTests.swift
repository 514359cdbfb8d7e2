import Foundation
import Host
import ProviderKit
import Testing

/// What a job goes through, whatever happens to its process.
struct JobTests {
    @Test("a job that a shutdown interrupted ends with the weights of one that ran through, to the bit")
    func resumed() async throws {
        try await withTraining { server in
            try await server.train(Samples.long("through"))
            _ = try await server.log("through")
            try await server.train(Samples.long("cut"))
            let before = try await server.status("cut").scheduledAt
            try await server.wait(for: "checkpoint 60 is served", "cut")
            try await server.restart()
            let log = try await server.log("cut")
            #expect(log.contains { $0.hasPrefix("resumed at step ") }, "\(log.suffix(5))")
            let status = try await server.status("cut")
            #expect(status.status == .completed)
            #expect(status.scheduledAt == before)
            #expect(try await server.weights("cut") == (try await server.weights("through")))
        }
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

    @Test("one more than waiting_max is 429, and there is room again when one is cancelled")
    func queueFull() async throws {
        try await withTraining(", waiting_max: 2") { server in
            try await server.train(Samples.long("a", steps: 100_000, search: ["checkpoint_steps": 1_000]))
            try await server.wait(for: "step 1/", "a")
            try await server.train(Samples.long("b"))
            try await server.train(Samples.long("c"))
            let error = await refusal { try await server.train(Samples.long("d")) }
            #expect(error?.code == .queueFull)
            #expect(error?.message.contains("waiting_max is 2") == true)
            try await server.cancel("c")
            try await server.train(Samples.long("d"))
            for id in ["a", "b", "d"] { try await server.cancel(id) }
        }
    }

    @Test("what waits keeps its place over a restart")
    func restart() async throws {
        try await withTraining { server in
            try await server.train(Samples.long("a", steps: 100_000, search: ["checkpoint_steps": 1_000]))
            try await server.train(Samples.long("b", steps: 2))
            try await server.train(Samples.long("c", steps: 2))
            try await server.wait(for: "step 1/", "a")
            let before = try await server.status("c")
            try await server.restart()
            #expect(try await server.status("c") == before)
            try await server.wait(for: "step 1/", "a")
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
            try await server.train(Samples.long("a", steps: 100_000))
            try await server.wait(for: "checkpoint 40 is served", "a")
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
            try await server.train(Samples.long("a", steps: 200))
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
