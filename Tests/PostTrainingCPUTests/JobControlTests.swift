import Foundation
import ModelFixtures
import ProviderKit
import Testing

@testable import PostTrainingCPU

/// Jobs that are submitted and cancelled, many at once and at any time.
struct JobControlTests {
    private static let rounds = Samples.isWhole ? 500 : 40

    @Test("a job is cancelled while it runs and while it waits, twice is once, and an ended one is left as it is")
    func cancelled() async throws {
        try await withTraining { server in
            try await server.train(Samples.long("a", steps: 100_000, search: ["checkpoint_steps": 1_000]))
            try await server.train(Samples.long("b"))
            try await server.wait(for: "step 2/", "a")
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

    @Test("a cancel that is answered has ended the job, also one that comes before the job's submission is answered")
    func cancelledEarly() async throws {
        try await withTraining { server in
            for round in 0..<Self.rounds {
                let id = "job-\(round)"
                async let submission: Void = server.train(
                    Samples.long(id, steps: 100_000, search: ["checkpoint_steps": 1_000]))
                while await refusal({ try await server.cancel(id) })?.code == .notFound { await Task.yield() }
                try #require(try await server.status(id).status == .failed, "\(round)")
                try await submission
                #expect(try await server.log(id).last == "cancelled")
                #expect(try await server.status(id).status == .failed)
            }
        }
    }

    @Test("whatever a job is doing, a cancel ends it, twice at once too, and no state follows that may not (seed 20261202)")
    func cancelledAnyTime() async throws {
        var random = SplitMix(seed: 20_261_202)
        try await withTraining { server in
            var ends: [PostTrainingJobStatus: Int] = [:]
            for round in 0..<Self.rounds {
                let id = "job-\(round)"
                let algorithm: FinetuningAlgorithm = round % 3 == 0 ? .full : .lora
                try await server.train(
                    Samples.long(id, steps: 12, algorithm: algorithm, search: ["checkpoint_steps": 2]))
                try await Task.sleep(for: .microseconds(Int(random.next() % 60_000)))
                async let other: Void = server.cancel(id)
                try await server.cancel(id)
                let status = try await server.status(id)
                try await other
                ends[status.status, default: 0] += 1
                let last = try await server.log(id).last
                #expect(last == (status.status == .completed ? "completed" : "cancelled"), "\(round): \(status.status)")
                #expect(status.completedAt != nil)
                #expect(try await server.status(id) == status)
            }
            #expect(ends[.failed, default: 0] > 0 && ends.values.reduce(0, +) == Self.rounds, "\(ends)")
            await server.stop()
            #expect(try await Self.strangeTransitions(below: server.folder + "/state") == [])
        }
    }

    @Test("a reader that comes while a job ends gets the log to its last line", .timeLimit(.minutes(5)))
    func lateReaders() async throws {
        try await withTraining { server in
            for round in 0..<Self.rounds / 10 {
                let id = "job-\(round)"
                try await server.train(Samples.supervised(id, steps: 1))
                try await withThrowingTaskGroup(of: [String].self) { group in
                    while try await !server.status(id).status.hasEnded {
                        group.addTask { try await server.log(id) }
                    }
                    for try await log in group { #expect(log.last == "completed", "\(round)") }
                }
            }
        }
    }

    @Test("a log that is asked for by a row that is out of date ends all the same", .timeLimit(.minutes(1)))
    func staleRow() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/stale-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let context = ProviderContext(providerID: "trainer", statePath: folder)
        let store = try await JobStore(in: folder, log: context.log)
        let configuration = try PostTrainingConfiguration(json: [:], at: .root)
        let host = JobHost(store: store, configuration: configuration, context: context, threads: 1)
        let queue = JobQueue(host, folder: folder) { nil }
        var job = Job(
            id: 1, uuid: "a", principal: "", request: .supervised(Samples.supervised("a")),
            base: BaseModel(model: "tiny", path: "/tiny.gguf", adapter: nil), servedID: "tiny@a", folder: "a",
            rows: DatasetCopy(name: "rows.jsonl", form: .dialog, rows: 1, rowBytesMax: 1, sha256: ""), validation: nil,
            scheduledAt: .now, status: .running, startedAt: .now, completedAt: nil, deaths: 0, resources: [:])
        let log = queue.log(of: job)
        job.status = .completed
        queue.settle(log, of: job)
        try await log.follow { Issue.record("there is no line, and \($0) came") }
        try await queue.log(of: job).follow { Issue.record("there is no line, and \($0) came") }
        await store.close()
    }

    /// The jobs that went from a state to one that may not follow, or did not begin as scheduled.
    private static func strangeTransitions(below state: String) async throws -> [[String]] {
        let files = try FileManager.default.subpathsOfDirectory(atPath: state)
        let table = try #require(files.first { $0.hasSuffix("/jobs.sqlite") })
        let folder = "\(state)/\((table as NSString).deletingLastPathComponent)"
        let context = ProviderContext(providerID: "trainer", statePath: folder, basePath: "/", purpose: .serve)
        let store = try await JobStore(in: folder, log: context.log)
        var strange: [[String]] = []
        for job in try await store.jobs(of: "") {
            let words = try await store.transitions(of: job.id).map(\.status)
            let states = words.compactMap(PostTrainingJobStatus.init(rawValue:))
            let follows = zip(states, states.dropFirst()).allSatisfy { $0.next.contains($1) }
            if states.count != words.count || states.first != .scheduled || !follows || states.last != job.status {
                strange.append(words)
            }
        }
        await store.close()
        return strange
    }

    @Test("of many submissions at once as many are taken as there is room for, each once, and no state is left again")
    func flood() async throws {
        try await withTraining(", waiting_max: 5") { server in
            try await server.train(Samples.long("first", steps: 100_000, search: ["checkpoint_steps": 1_000]))
            try await server.wait(for: "step 1/", "first")
            let outcomes = await withTaskGroup(of: (String, ErrorCode?).self) { group in
                for number in 0..<1_000 {
                    // Each id comes twice.
                    let id = "job-\(number / 2)"
                    group.addTask { (id, await refusal { try await server.train(Samples.long(id, steps: 2)) }?.code) }
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
}
