import BankFixtures
import Foundation
import Testing
import Torture

/// Faults of the disk below a writing process.
// One after another: a mount namespace of one test would hold on to the disk of another.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct FaultTests {
    /// Runs writers in a process of their own until they fail, or are killed when they have written enough.
    private func write(
        _ state: String, environment: [String: String] = [:], writers: Int = 8, within launcher: [String] = [],
        until isEnough: (Oracle) -> Bool
    ) async throws -> Oracle {
        var oracle = Oracle()
        let command = launcher + [productsFolder + "/llama-stack-torture", "write", state, "\(writers)", "0", "7"]
        try await KillRounds.listen(
            command[0], Array(command.dropFirst()), environment: environment, killAfterMilliseconds: 0,
            isDue: { _ in isEnough(oracle) }
        ) { oracle.hear($0) }
        return oracle
    }

    /// The shim, compiled once for each test.
    private func shim(_ folder: String) throws -> String {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/faults/sync-shim.c").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["cc", "-shared", "-fPIC", "-O1", "-o", folder + "/shim.so", source, "-ldl"]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return folder + "/shim.so"
    }

    @Test("64 writers cost far fewer syncs than writes")
    func sharedSyncs() async throws {
        try await withFolder { folder in
            let environment = ["LD_PRELOAD": try shim(folder), "SYNC_COUNT_FILE": folder + "/syncs"]
            let oracle = try await write(folder + "/state", environment: environment, writers: 64) {
                $0.acknowledged >= 2000
            }
            let text = try String(contentsOfFile: folder + "/syncs", encoding: .utf8)
            let syncs = try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(syncs > 2)
            #expect(syncs * 3 < oracle.acknowledged, "\(syncs) syncs for \(oracle.acknowledged) writes")
        }
    }

    @Test(
        "after a failed sync nothing is acknowledged, and what was acknowledged before is kept", arguments: [6, 10, 20])
    func failedSync(_ number: Int) async throws {
        try await withFolder { folder in
            let environment = [
                "LD_PRELOAD": try shim(folder), "SYNC_FAIL_AT": "\(number)", "SYNC_FAIL_FILE": "memory.sqlite-wal",
            ]
            var oracle = try await write(folder + "/state", environment: environment) { $0.acknowledged > 100_000 }
            #expect(oracle.failures.count == 8, "\(oracle.failures)")
            #expect(oracle.failures.allSatisfy { $0.contains("provider_unavailable") }, "\(oracle.failures)")
            let server = try await BankServer(state: folder + "/state")
            #expect(try await oracle.check(server) == [])
            await server.stop()
        }
    }

    @Test(
        "writes to the log that fail, are interrupted or come short lose nothing that was acknowledged",
        arguments: ["EIO", "ENOSPC", "EDQUOT", "EINTR", "short"])
    func failedWrite(_ fault: String) async throws {
        try await withFolder { folder in
            let environment = [
                "LD_PRELOAD": try shim(folder), "WRITE_FAULT": fault, "WRITE_FAULT_EVERY": "499",
                "WRITE_FAULT_FILE": folder + "/faults", "SYNC_FAIL_FILE": "memory.sqlite-wal",
            ]
            var oracle = try await write(folder + "/state", environment: environment) {
                $0.acknowledged > 500 && FileManager.default.fileExists(atPath: folder + "/faults")
            }
            #expect(FileManager.default.fileExists(atPath: folder + "/faults"))
            // Calls that shared a transaction are tried again each for itself, and may all come through.
            let refused = ["storage_full", "provider_unavailable"]
            for failure in oracle.failures { #expect(refused.contains { failure.contains($0) }, "\(failure)") }
            if ["EINTR", "short"].contains(fault) { #expect(oracle.failures == []) }
            #expect(oracle.acknowledged > 8)
            let server = try await BankServer(state: folder + "/state")
            #expect(try await oracle.examine(server) == [])
            await server.stop()
        }
    }

    @Test("a first start that was cut short is no reason not to start again", arguments: [3, 9, 17, 31, 53])
    func failedFirstStart(_ number: Int) async throws {
        try await withFolder { folder in
            let environment = [
                "LD_PRELOAD": try shim(folder), "WRITE_FAULT": "EIO", "WRITE_FAULT_EVERY": "\(number)",
                "WRITE_FAULT_FILE": folder + "/faults", "SYNC_FAIL_FILE": "memory.sqlite-wal",
                "SWIFT_BACKTRACE": "enable=no",
            ]
            _ = try await write(folder + "/state", environment: environment) { _ in true }
            #expect(FileManager.default.fileExists(atPath: folder + "/faults"))
            let server = try await BankServer(state: folder + "/state")
            #expect(try await server.list().map(\.uuid).allSatisfy { $0 == WriterPool.bank })
            await server.stop()
        }
    }

    @Test("every folder on the way to a new database is on disk before the first acknowledgement")
    func syncedFolders() async throws {
        try await withFolder { folder in
            let environment = ["LD_PRELOAD": try shim(folder), "SYNC_LOG_FILE": folder + "/synced"]
            _ = try await write(folder + "/new/state", environment: environment) { $0.acknowledged > 0 }
            let real = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
            let synced = try String(contentsOfFile: folder + "/synced", encoding: .utf8).split(separator: "\n")
                .map { $0.dropFirst(real.count) }
            let first = try #require(synced.firstIndex { $0.hasSuffix("memory.sqlite-wal") })
            let folders = synced[..<first].filter { !$0.contains(".") }
            #expect(
                Set(folders).isSuperset(of: [
                    "", "/new", "/new/state", "/new/state/memory_banks", "/new/state/memory_banks/files",
                ]), "\(folders)")
        }
    }

    @Test("no writer acknowledges anything once the power is cut")
    func silence() async throws {
        try await withFolder { folder in
            let cut = folder + "/cut"
            var said: [String] = []
            try await KillRounds.listen(
                "/bin/sh", ["-c", "echo ready; while :; do [ -e \"$0\" ] && echo late; done", cut],
                killAfterMilliseconds: 0,
                afterKill: {
                    _ = FileManager.default.createFile(atPath: cut, contents: nil)
                    // A cut takes its time too.
                    usleep(100_000)
                }
            ) { said.append(String($0)) }
            #expect(said == ["ready"])
            #expect(FileManager.default.fileExists(atPath: cut))
        }
    }

    @Test("a power cut loses nothing that was acknowledged", .enabled(if: geteuid() == 0, "needs root"))
    func powerCut() async throws {
        try await withFolder { folder in
            var cuts = PowerCuts(
                executable: productsFolder + "/llama-stack-torture", folder: folder, rounds: 4, writers: 8,
                seed: 20_261_123)
            cuts.cutMillisecondsMax = 200
            let result = try await cuts.run()
            #expect(result.wrong == [])
            #expect(result.failures == [])
            #expect(result.rounds == 4)
            #expect(result.acknowledged > 0)
        }
    }

    /// A small file system of its own: needs root, or user namespaces.
    private static let smallDisk = [
        "/usr/bin/env", "unshare", "--mount", "--map-root-user", "sh", "-c",
        "mount -t tmpfs -o size=12m,mode=700 none \"$FOLDER\" && \"$@\"; cp -R \"$FOLDER\" \"$FOLDER.kept\"", "sh",
    ]

    /// Whether this machine lets us have one: containers often do not.
    private static let hasSmallDisk: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "unshare", "--mount", "--map-root-user", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt",
        ]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(
        "a full disk answers 507, loses nothing, and leaves a database that opens",
        .enabled(if: hasSmallDisk, "needs a mount of its own: root, or user namespaces"))
    func fullDisk() async throws {
        try await withFolder { folder in
            let state = folder + "/disk"
            try FileManager.default.createDirectory(
                atPath: state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var oracle = try await write(state, environment: ["FOLDER": state], within: Self.smallDisk) { _ in false }
            #expect(oracle.failures.count == 8, "\(oracle.failures)")
            #expect(oracle.failures.allSatisfy { $0.contains("storage_full") }, "\(oracle.failures)")
            #expect(oracle.acknowledged > 8)
            let server = try await BankServer(state: state + ".kept")
            #expect(try await oracle.check(server) == [])
            await server.stop()
        }
    }

    @Test(
        "on a full disk deleting works, and then there is room for new documents",
        .enabled(if: hasSmallDisk, "needs a mount of its own: root, or user namespaces"))
    func fullDiskFreed() async throws {
        try await withFolder { folder in
            let state = folder + "/disk"
            try FileManager.default.createDirectory(
                atPath: state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var said: [String] = []
            let command = Self.smallDisk + [productsFolder + "/llama-stack-torture", "fill", state]
            try await KillRounds.listen(
                command[0], Array(command.dropFirst()), environment: ["FOLDER": state], killAfterMilliseconds: 600_000
            ) { said.append(String($0)) }
            #expect(said == ["full", "readable", "deleted", "inserted", "dropped"])
        }
    }
}
