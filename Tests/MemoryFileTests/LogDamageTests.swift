import BankFixtures
import Foundation
import Host
import ProviderKit
import Testing
import Torture

@testable import Storage

/// A write-ahead log that is not what was written: torn at its end, or changed in the middle.
@Suite(.timeLimit(.minutes(10)))
struct LogDamageTests {
    private static let documents = 12
    private static let log = "/memory_banks/files/memory.sqlite-wal"

    /// A server's files while it runs, one transaction a document, and the log as it grew.
    private func withLog(_ body: (_ files: String, _ log: [UInt8], _ ends: [Int]) async throws -> Void) async throws {
        try await withFolder { folder in
            let server = try await BankServer(state: folder + "/state")
            try await server.create("bank")
            var ends: [Int] = []
            for number in 0..<Self.documents {
                // Of a type that is not indexed: nothing but these transactions is in the log.
                try await server.insert([Workload.document("\(number)", version: 1, isText: false)], "bank")
                ends.append(try Data(contentsOf: URL(fileURLWithPath: folder + "/state" + Self.log)).count)
            }
            try FileManager.default.copyItem(atPath: folder + "/state", toPath: folder + "/copy")
            await server.stop()
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/copy" + Self.log))
            try await body(folder + "/copy", Array(bytes), ends)
        }
    }

    /// What a server finds that starts on these files with this log: the documents, or why it does not start.
    private func start(_ files: String, _ log: some Collection<UInt8>) async throws -> Result<[String], StartFailure> {
        let copy = files + "-" + UUID().uuidString
        try FileManager.default.copyItem(atPath: files, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        try? FileManager.default.removeItem(atPath: copy + "/memory_banks/files/memory.sqlite-shm")
        try Data(log).write(to: URL(fileURLWithPath: copy + Self.log))
        do {
            let server = try await BankServer(state: copy)
            let ids = (0..<Self.documents).map { "\($0)" }
            let found = try await server.list().isEmpty ? [] : server.get(ids, "bank")
            await server.stop()
            #expect(found == found.map { Workload.document($0.uuid, version: 1, isText: false) })
            return .success(found.map(\.uuid))
        } catch let failure as StartFailure { return .failure(failure) }
    }

    @Test("a log that is cut anywhere in its last transactions gives all that was whole before the cut")
    func cut() async throws {
        try await withLog { files, log, ends in
            for length in stride(from: log.count, to: ends[Self.documents - 4], by: -1009) {
                let whole = ends.count { $0 <= length }
                let found = try await start(files, log[..<length]).get()
                #expect(found == (0..<whole).map { "\($0)" }, "cut at \(length) of \(log.count)")
            }
        }
    }

    @Test("a flipped bit in the middle of the log stops the start and names the place: nothing acknowledged is skipped")
    func flipped() async throws {
        try await withLog { files, log, ends in
            // Behind it lie at least two whole transactions, so that it is no torn end.
            for place in stride(from: 5, to: ends[Self.documents - 3], by: 4001) {
                var log = log
                log[place] ^= 0x10
                guard case .failure(let failure) = try await start(files, log) else {
                    Issue.record("it started with byte \(place) of \(log.count) changed")
                    continue
                }
                #expect(failure.description.contains("memory.sqlite-wal is damaged at byte"), "\(place): \(failure)")
            }
        }
    }

    @Test("a page of zeros and a piece that is there twice stop the start")
    func overwritten() async throws {
        try await withLog { files, log, ends in
            let middle = ends[4]
            var zeros = log
            zeros.replaceSubrange(middle..<middle + 4096, with: repeatElement(0, count: 4096))
            var twice = log
            twice.replaceSubrange(middle..<middle + 4120, with: log[ends[2]..<ends[2] + 4120])
            for log in [zeros, twice] {
                guard case .failure(let failure) = try await start(files, log) else {
                    Issue.record("it started")
                    continue
                }
                #expect(failure.description.contains("is damaged at byte \(middle)"), "\(failure)")
            }
        }
    }

    @Test("a flip in the last transaction is a torn end: what was before it is all there")
    func lastFlipped() async throws {
        try await withLog { files, log, ends in
            for place in stride(from: ends[Self.documents - 2], to: log.count, by: 997) {
                var log = log
                log[place] ^= 0x10
                let found = try await start(files, log).get()
                #expect(found == (0..<Self.documents - 1).map { "\($0)" }, "byte \(place) of \(log.count)")
            }
        }
    }

    @Test("what is no log at all, or is empty, is no damage")
    func noLog() throws {
        #expect(try LogCheck.damage(in: "/nowhere") == nil)
        let path = FileManager.default.temporaryDirectory.path + "/log-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        var random = SplitMix(seed: 7)
        let noise = (0..<10_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        for bytes in [[], [UInt8](repeating: 0, count: 31), noise] {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try LogCheck.damage(in: path) == nil)
        }
    }
}
