import Foundation
import ModelFixtures
import ProviderKit
import Testing
import Torture

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
}
