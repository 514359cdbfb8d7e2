import Foundation
import LlamaStackAPI
import Synchronization

/// A job of training in a process of its own, which is killed inside and outside the window in which a checkpoint is
/// saved; or its disk is stopped with it. After each, every checkpoint on the disk must be whole, and the newest must
/// be no older than the last that was heard of; at the end, the weights must be those of a job that ran through, to
/// the bit.
package struct JobRounds: Sendable {
    package struct Result: Sendable {
        package var kills = 0
        package var kept = 0
        package var completed = 0
        /// Jobs that ended because their process died three times.
        package var givenUp = 0
        package var wrong: [String] = []
    }

    package var executable: String
    /// The path of the model that is trained.
    package var model: String
    /// Empty, for this alone.
    package var folder: String
    package var kills: Int
    package var seed: UInt64
    package var steps = 18
    /// Needs root.
    package var cutsPower = false

    package init(executable: String, model: String, folder: String, kills: Int, seed: UInt64) {
        (self.executable, self.model, self.folder) = (executable, model, folder)
        (self.kills, self.seed) = (kills, seed)
    }

    private static let algorithms: [FinetuningAlgorithm] = [.lora, .full]

    package func run(_ report: (Result) -> Void = { _ in }) async throws -> Result {
        var result = Result()
        var random = SplitMix(seed: seed)
        var through: [FinetuningAlgorithm: [Data]] = [:]
        for algorithm in Self.algorithms {
            let story = try await Story.listen(self, state: "\(folder)/through-\(algorithm)", algorithm)
            guard story.end == "completed" else {
                throw TortureFailure(description: "a job that is left alone ended \(story.end ?? "without a word")")
            }
            through[algorithm] = try story.weights()
        }
        let disk = cutsPower ? CutDisk(folder: "\(folder)/cut") : nil
        try disk?.make()
        defer { try? disk?.unmount() }
        var job = 0
        while result.kills < kills {
            let algorithm = Self.algorithms[job % 2]
            let state = "\(disk?.path ?? folder)/job-\(job)"
            // Every fifth job is given up: one process more than it may cost.
            for _ in 0..<(job % 5 == 4 ? 3 : 2) {
                try await kill(state, algorithm, disk, &random, &result)
            }
            let story = try await Story.listen(self, state: state, algorithm)
            result.wrong += try end(story, through[algorithm] ?? [], job, &result)
            try? FileManager.default.removeItem(atPath: state)
            job += 1
            report(result)
        }
        return result
    }

    private func kill(
        _ state: String, _ algorithm: FinetuningAlgorithm, _ disk: CutDisk?, _ random: inout SplitMix,
        _ result: inout Result
    ) async throws {
        // In the window: behind a step at whose end a checkpoint is saved. Outside: at any time.
        let step = 3 * (1 + Int(random.next() % UInt64(steps / 3)))
        let isInside = random.next() % 2 == 0
        let milliseconds = Int(random.next() % (isInside ? 30 : 300))
        let isCut = Mutex(false)
        let (path, round) = (disk?.path, result.kills)
        let story = try await Story.listen(
            self, state: state, algorithm, killAfterMilliseconds: milliseconds,
            afterKill: {
                let isStopped = path.map { CutDisk.stop($0, round: round) } ?? true
                isCut.withLock { $0 = isStopped }
            },
            isDue: { isInside ? $0.hasPrefix("log step \(step)/") : $0 == "ready" })
        if isCut.withLock({ $0 }) {
            result.kills += 1
            try disk?.mountAgain()
        } else if let disk, story.end == nil {
            throw TortureFailure(
                description: "the power of \(disk.path) was not cut; the job's last line was: \(story.lastLine)")
        }
        let found = try Self.checkpoints(below: state)
        result.kept += found.count
        for folder in found where !Self.isWhole(folder.path) {
            result.wrong.append("after \(result.kills) kills: \(folder.path) is not what its SHA256SUMS says")
        }
        let newest = found.map(\.step).max() ?? 0
        if let saved = story.saved, newest < saved {
            result.wrong.append(
                "after \(result.kills) kills: checkpoint \(saved) was saved, and the newest is \(newest)")
        }
    }

    private func end(_ story: Story, _ through: [Data], _ job: Int, _ result: inout Result) throws -> [String] {
        switch story.end {
        case "completed":
            result.completed += 1
            return try story.weights() == through
                ? [] : ["job \(job): its weights are not those of one that ran through"]
        case "failed" where job % 5 == 4 && story.hasDiedTooOften:
            result.givenUp += 1
            return []
        default: return ["job \(job) ended \(story.end ?? "without a word"): \(story.lastLine)"]
        }
    }

    /// The folders that have a checkpoint's name, whatever any table says.
    private static func checkpoints(below state: String) throws -> [(path: String, step: Int)] {
        (FileManager.default.enumerator(atPath: state)?.compactMap { $0 as? String } ?? []).compactMap { path in
            guard let step = path.split(separator: "/").last?.wholeMatch(of: #/step-(\d+)/#).flatMap({ Int($0.1) })
            else { return nil }
            return ("\(state)/\(path)", step)
        }
    }

    /// Asks a program that is not ours.
    private static func isWhole(_ folder: String) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

/// The words of one process, heard from outside.
private struct Story {
    /// The state that the job has ended in; nil: it has not.
    var end: String?
    /// The last checkpoint that was saved.
    var saved: Int?
    var hasDiedTooOften = false
    var lastLine = ""
    /// The last checkpoint that is listed.
    private var path: String?

    static func listen(
        _ rounds: JobRounds, state: String, _ algorithm: FinetuningAlgorithm, killAfterMilliseconds: Int = 0,
        afterKill: @escaping @Sendable () -> Void = {}, isDue: (Substring) -> Bool = { _ in false }
    ) async throws -> Story {
        var story = Story()
        try await KillRounds.listen(
            rounds.executable, ["train", state, rounds.model, algorithm.rawValue, "\(rounds.steps)"],
            killAfterMilliseconds: killAfterMilliseconds, afterKill: afterKill, isDue: isDue
        ) { story.hear($0) }
        return story
    }

    private mutating func hear(_ line: Substring) {
        lastLine = String(line)
        let words = line.split(separator: " ")
        switch words.first {
        case "ended": end = words.last.map(String.init)
        case "checkpoint": path = words.dropFirst(2).joined(separator: " ")
        case "log":
            if line.hasSuffix(" is saved") { saved = words.count > 2 ? Int(words[2]) : nil }
            if line.contains("times while this job ran") { hasDiedTooOften = true }
        default: break
        }
    }

    /// The bytes of what was trained and of the optimiser.
    func weights() throws -> [Data] {
        guard let path else { throw TortureFailure(description: "a job has ended without a checkpoint") }
        return try ["adapter_model.safetensors", "model.gguf", "optimizer.safetensors"].compactMap { name in
            let file = "\(path)/\(name)"
            guard FileManager.default.fileExists(atPath: file) else { return nil }
            return try Data(contentsOf: URL(fileURLWithPath: file))
        }
    }
}
