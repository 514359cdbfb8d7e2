import Foundation
import Synchronization

/// A writer pool on a file system of its own, whose power is cut at a random moment, again and again. Needs root.
///
/// The file system is ext4 on a loop device. EXT4_IOC_SHUTDOWN stops it as a power cut would: what was not synced is
/// gone, page cache and all. A killed process alone can never show a missing sync.
///
/// A power cut ends the writers with the disk. The ioctl does not, and to a sync that it overtakes ext4 may answer that
/// all is well. So the writers are killed first, and the disk is stopped under syncs whose callers are gone.
package struct PowerCuts: Sendable {
    private static let shutdownRequest: UInt = 0x8004_587D
    /// Without writing the journal, and with it.
    private static let kinds: [UInt32] = [2, 1]

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

    private var image: String { folder + "/image" }
    private var disk: String { folder + "/disk" }

    package func run(_ report: (Int, KillRounds.Result) -> Void = { _, _ in }) async throws -> KillRounds.Result {
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        try Self.command("truncate", "-s", "256M", image)
        try Self.command("mkfs.ext4", "-q", "-F", image)
        try Self.command("mount", "-o", "loop", image, disk)
        defer { try? Self.unmount(disk) }
        var result = KillRounds.Result()
        var oracle = Oracle()
        var random = SplitMix(seed: seed)
        for round in 0..<rounds {
            let milliseconds = Int(random.next() % UInt64(cutMillisecondsMax))
            let arguments = ["write", disk + "/state", "\(writers)", "\(round)", "\(seed)"]
            guard
                try await cut(afterMilliseconds: milliseconds, Self.kinds[round % 2], arguments, { oracle.hear($0) })
            else {
                throw Failure(description: "the power of \(disk) was not cut; writers said \(oracle.failures)")
            }
            try Self.unmount(disk)
            try Self.command("mount", "-o", "loop", image, disk)
            let start = ContinuousClock.now
            let server = try await BankServer(state: disk + "/state")
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
        afterMilliseconds milliseconds: Int, _ kind: UInt32, _ arguments: [String], _ hear: (Substring) -> Void
    ) async throws -> Bool {
        let handle = open(disk, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(handle) }
        let isCut = Mutex(false)
        try await KillRounds.listen(
            executable, arguments, killAfterMilliseconds: milliseconds,
            afterKill: {
                var kind = kind
                let status = ioctl(handle, Self.shutdownRequest, &kind)
                isCut.withLock { $0 = status == 0 }
            }, hear)
        return isCut.withLock { $0 }
    }

    /// A child that another thread is just starting has this process's descriptors until it runs its program: the disk
    /// is busy for as long.
    private static func unmount(_ disk: String) throws {
        for _ in 0..<50 {
            do { return try command("umount", disk) } catch { usleep(100_000) }
        }
        try command("umount", disk)
    }

    private static func command(_ words: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "'\(words.joined(separator: " "))' ended with \(process.terminationStatus)")
        }
    }

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }
}
