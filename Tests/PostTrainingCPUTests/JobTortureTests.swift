import Foundation
import ModelFixtures
import ProviderKit
import Testing
import Torture

@testable import PostTrainingCPU

/// Jobs in a process that is killed, or whose disk is full or loses its power: `make torture` has larger counts.
struct JobTortureTests {
    /// Beside the test bundle, where a build leaves executables.
    private static let torture =
        URL(fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "")
        .deletingLastPathComponent().appending(path: "llama-stack-torture").path
    private static let model = Fixture.repository.appending(path: "Tests/Fixtures/training/chat.gguf").path

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder =
            FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/jobs-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("a job that is killed at any time goes on, and ends with the weights of one that ran through (seed 20261129)")
    func kills() async throws {
        try await withFolder { folder in
            var rounds = JobRounds(
                executable: Self.torture, model: Self.model, folder: folder, kills: 6, seed: 20_261_129)
            rounds.steps = 9
            let result = try await rounds.run()
            #expect(result.wrong == [])
            #expect(result.kills >= 6)
            #expect(result.completed > 0)
        }
    }

    @Test(
        "a job whose disk loses its power keeps every checkpoint that it listed (seed 20261130)",
        .enabled(if: geteuid() == 0, "needs root"))
    func powerCuts() async throws {
        try await withFolder { folder in
            var rounds = JobRounds(
                executable: Self.torture, model: Self.model, folder: folder, kills: 4, seed: 20_261_130)
            (rounds.steps, rounds.cutsPower) = (9, true)
            let result = try await rounds.run()
            #expect(result.wrong == [])
            #expect(result.kills >= 4)
        }
    }

    /// A small file system of its own: needs root, or user namespaces.
    private static let smallDisk = [
        "unshare", "--mount", "--map-root-user", "sh", "-c",
        "mount -t tmpfs -o size=11m,mode=700 none \"$FOLDER\" && \"$@\"; cp -R \"$FOLDER\" \"$FOLDER.kept\"", "sh",
    ]

    /// Whether this machine lets us have one: containers often do not.
    private static let hasSmallDisk: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = smallDisk.prefix(5) + ["mount -t tmpfs -o size=1m none /mnt"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(
        "a full disk fails the job with storage_full, and what was saved before stays whole",
        .enabled(if: hasSmallDisk, "needs a mount of its own: root, or user namespaces"))
    func fullDisk() async throws {
        try await withFolder { folder in
            let disk = folder + "/disk"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            var said: [String] = []
            try await KillRounds.listen(
                "/usr/bin/env", Self.smallDisk + [Self.torture, "train", disk + "/state", Self.model, "full", "30"],
                environment: ["FOLDER": disk], killAfterMilliseconds: 600_000
            ) { said.append(String($0)) }
            #expect(said.contains { $0.hasPrefix("log failed: storage_full: ") }, "\(said.suffix(5))")
            #expect(said.last == "ended failed")
            let listed = said.filter { $0.hasPrefix("checkpoint ") }.compactMap { $0.split(separator: "/").last }
            #expect(!listed.isEmpty)
            let kept = disk + ".kept"
            let found = try FileManager.default.subpathsOfDirectory(atPath: kept).filter {
                $0.split(separator: "/").last?.hasPrefix("step-") == true
            }
            #expect(Set(found.compactMap { $0.split(separator: "/").last }) == Set(listed))
            for path in found {
                let folders = CheckpointFolders((kept + "/" + path as NSString).deletingLastPathComponent)
                #expect(folders.fault(of: (path as NSString).lastPathComponent) == nil)
            }
        }
    }
}
