import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// A server that ends while one job runs and two wait.
    @Suite struct JobRestartTests {
        private static let rounds = TrainingFixture.isWhole ? 25 : 1

        @Test(
            "jobs outlive their server: what ran goes on from its checkpoint, and what waited keeps its place",
            arguments: [SIGTERM, SIGKILL])
        func restart(signal: Int32) throws {
            for round in 0..<Self.rounds {
                let folder = try TemporaryFolder()
                let file = try folder.write(
                    TrainingFixture.distribution(state: folder.path + "/state"), "train.yaml")
                let before = try Server.run(file: file) { server in
                    let long = try TrainingFixture.request("a", steps: 1_000_000, checkpointSteps: 20)
                    #expect(try server.train(long).status == 200)
                    for id in ["b", "c"] {
                        let short = try TrainingFixture.request(id, steps: 3, checkpointSteps: 3)
                        #expect(try server.train(short).status == 200)
                    }
                    _ = try server.jobLog("a", to: "checkpoint 20 is served")
                    let jobs = try server.jobs()
                    server.process.send(signal)
                    let end = server.process.wait(seconds: 60)
                    #expect(end == (signal == SIGTERM ? .exit(0) : .signal(SIGKILL)), "round \(round)")
                    return jobs
                }
                #expect(before.map(\.jobUUID) == ["a", "b", "c"])
                #expect(before.map(\.status) == [.running, .scheduled, .scheduled])
                try Server.run(file: file) { server in
                    #expect(try server.jobs() == before, "round \(round)")
                    let log = try server.jobLog("a", to: "resumed at step ")
                    #expect(log.contains { $0.hasPrefix("resumed at step ") }, "round \(round): \(log.suffix(3))")
                    #expect(try server.cancel("a").status == 200)
                    #expect(try server.jobLog("c").last == "completed")
                    let after = try server.jobs()
                    #expect(after.map(\.status) == [.failed, .completed, .completed], "round \(round)")
                    #expect(after.map(\.scheduledAt) == before.map(\.scheduledAt))
                    #expect(try #require(after[1].completedAt) <= (try #require(after[2].startedAt)))
                }
            }
        }
    }
}
