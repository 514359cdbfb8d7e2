import Foundation
import Synchronization

/// A writer pool on a file system of its own, whose power is cut at a random moment, again and again. Needs root.
///
/// A power cut ends the writers with the disk. The ioctl does not, and to a sync that it overtakes ext4 may answer that
/// all is well. So the writers are killed first, and the disk is stopped under syncs whose callers are gone.
package struct PowerCuts: Sendable {
    package var executable: String
    /// Holds the image and the place where it is mounted.
    package var folder: String
    package var rounds: Int
    package var writers: Int
    package var seed: UInt64
    package var cutMillisecondsMax = 500

    package init(executable: String, folder: String, rounds: Int, writers: Int, seed: UInt64) {
        (self.executable, self.folder, self.rounds) = (executable, folder, rounds)
        (self.writers, self.seed) = (writers, seed)
    }

    package func run(_ report: (Int, KillRounds.Result) -> Void = { _, _ in }) async throws -> KillRounds.Result {
        let disk = CutDisk(folder: folder)
        try disk.make()
        defer { try? disk.unmount() }
        var result = KillRounds.Result()
        var oracle = Oracle()
        var random = SplitMix(seed: seed)
        for round in 0..<rounds {
            let milliseconds = Int(random.next() % UInt64(cutMillisecondsMax))
            let arguments = ["write", disk.path + "/state", "\(writers)", "\(round)", "\(seed)"]
            guard try await cut(disk, afterMilliseconds: milliseconds, round, arguments, { oracle.hear($0) }) else {
                throw TortureFailure(
                    description: "the power of \(disk.path) was not cut; writers said \(oracle.failures)")
            }
            try disk.mountAgain()
            let start = ContinuousClock.now
            let server = try await BankServer(state: disk.path + "/state")
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

    /// False when the writers ended before, or the disk can't be stopped so.
    private func cut(
        _ disk: CutDisk, afterMilliseconds milliseconds: Int, _ round: Int, _ arguments: [String],
        _ hear: (Substring) -> Void
    ) async throws -> Bool {
        let handle = open(disk.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(handle) }
        let isCut = Mutex(false)
        try await KillRounds.listen(
            executable, arguments, killAfterMilliseconds: milliseconds,
            afterKill: {
                let isStopped = CutDisk.stop(handle, round: round)
                isCut.withLock { $0 = isStopped }
            }, hear)
        return isCut.withLock { $0 }
    }
}
