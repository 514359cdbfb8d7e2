import Foundation
import Synchronization

/// A writer pool in a process of its own is killed at a random moment, again and again, on the same storage.
package struct KillRounds: Sendable {
    package struct Result: Sendable {
        package var rounds = 0
        package var acknowledged = 0
        package var retried = 0
        package var living = 0
        package var wrong: [String] = []
        package var failures: [String] = []
        package var reopenSecondsMax = 0.0

        package init() {}
    }

    package var executable: String
    package var state: String
    package var rounds: Int
    package var writers: Int
    package var seed: UInt64
    package var killMillisecondsMax = 500

    package init(executable: String, state: String, rounds: Int, writers: Int, seed: UInt64) {
        (self.executable, self.state, self.rounds) = (executable, state, rounds)
        (self.writers, self.seed) = (writers, seed)
    }

    package func run(_ report: (Int, Result) -> Void = { _, _ in }) async throws -> Result {
        var result = Result()
        var oracle = Oracle()
        var random = SplitMix(seed: seed)
        for round in 0..<rounds {
            let milliseconds = Int(random.next() % UInt64(killMillisecondsMax))
            try await Self.listen(
                executable, ["write", state, "\(writers)", "\(round)", "\(seed)"], killAfterMilliseconds: milliseconds
            ) { oracle.hear($0) }
            let start = ContinuousClock.now
            let server = try await BankServer(state: state)
            result.reopenSecondsMax = max(result.reopenSecondsMax, (ContinuousClock.now - start) / .seconds(1))
            result.wrong += try await oracle.examine(server).map { "round \(round): \($0)" }
            await server.stop()
            result.rounds += 1
            (result.acknowledged, result.retried, result.living) = (oracle.acknowledged, oracle.retried, oracle.living)
            result.failures = oracle.failures
            report(round, result)
        }
        return result
    }

    /// Runs the process, and gives every line that it says. Once it says "ready", or the line for which `isDue` holds,
    /// its time runs; then it is killed.
    ///
    /// `afterKill` comes when none of its threads can say another word, while those that wait for the disk still do:
    /// what was said, was said before. It does not come when the process ended by itself.
    package static func listen(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], killAfterMilliseconds: Int,
        afterKill: @escaping @Sendable () -> Void = {}, isDue: (Substring) -> Bool = { $0 == "ready" },
        _ hear: (Substring) -> Void
    ) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        // Held while the process is being ended, so that its number is not that of another process by then.
        let isOver = Mutex(false)
        let end: @Sendable () -> Void = {
            isOver.withLock { isOver in
                guard !isOver, process.isRunning, kill(process.processIdentifier, SIGKILL) == 0 else { return }
                afterKill()
            }
        }
        var rest: [UInt8] = []
        var doesTimeRun = false
        while true {
            let data = pipe.fileHandleForReading.availableData
            if data.isEmpty { break }
            rest.append(contentsOf: data)
            guard let last = rest.lastIndex(of: 0x0A) else { continue }
            let lines = String(decoding: rest[..<last], as: UTF8.self)
            rest.removeSubrange(...last)
            for line in lines.split(separator: "\n") {
                hear(line)
                if !doesTimeRun, isDue(line) {
                    doesTimeRun = true
                    DispatchQueue.global().asyncAfter(
                        deadline: .now() + .milliseconds(killAfterMilliseconds), execute: end)
                }
            }
        }
        isOver.withLock { $0 = true }
        process.waitUntilExit()
    }
}
