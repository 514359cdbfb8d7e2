import Foundation
import LlamaStackAPI

/// Inserts a second that are acknowledged when they are on disk, 1 KiB documents, beside one fsync for each.
package struct InsertBenchmark: Sendable {
    package struct Row: Sendable {
        package var name: String
        package var perSecond: Double
        /// The time of all threads, with what is done in the background meanwhile.
        package var processorMicrosecondsEach: Double
    }

    package var folder: String
    package var seconds: Double
    package var isText: Bool

    package init(folder: String, seconds: Double, isText: Bool) {
        (self.folder, self.seconds, self.isText) = (folder, seconds, isText)
    }

    /// The file first and last, so that a disk whose speed changes meanwhile is seen.
    package func run(writers: [Int] = [1, 8, 64]) async throws -> [Row] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var rows = [try await row("append 1 KiB and fdatasync", appendAndSync)]
        let server = try await BankServer(state: folder + "/state")
        for count in writers {
            let bank = "bench-\(count)"
            try await server.create(bank)
            rows.append(try await row("\(count) writers") { try await insert(server, bank, count) })
        }
        await server.stop()
        rows.append(try await row("append 1 KiB and fdatasync", appendAndSync))
        return rows
    }

    /// One row without the file, for a profile: its processor time ends when everything is indexed.
    package func run(alone writers: Int) async throws -> Row {
        let server = try await BankServer(state: folder + "/state")
        try await server.create("bench")
        let (start, processor) = (ContinuousClock.now, Self.processorSeconds)
        var row = try await row("\(writers) writers") { try await insert(server, "bench", writers) }
        let inserts = row.perSecond * ((ContinuousClock.now - start) / .seconds(1))
        _ = try await server.indexed("bench")
        row.processorMicrosecondsEach = (Self.processorSeconds - processor) / inserts * 1e6
        await server.stop()
        return row
    }

    /// - Parameter body: returns how often it did it.
    private func row(_ name: String, _ body: () async throws -> Int) async throws -> Row {
        let (start, processor) = (ContinuousClock.now, Self.processorSeconds)
        let count = Double(max(1, try await body()))
        return Row(
            name: name, perSecond: count / ((ContinuousClock.now - start) / .seconds(1)),
            processorMicrosecondsEach: (Self.processorSeconds - processor) / count * 1e6)
    }

    private static var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    private func insert(_ server: BankServer, _ bank: String, _ writers: Int) async throws -> Int {
        let end = ContinuousClock.now + .seconds(seconds)
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end {
                        let document = Workload.document("\(writer)-\(count)", version: 1, bytes: 1024, isText: isText)
                        try await server.insert([document], bank)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    }

    private func appendAndSync() throws -> Int {
        let path = folder + "/append"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer {
            close(file)
            unlink(path)
        }
        let block = [UInt8](repeating: 1, count: 1024)
        let end = ContinuousClock.now + .seconds(seconds)
        var count = 0
        while ContinuousClock.now < end {
            guard write(file, block, block.count) == block.count, fdatasync(file) == 0 else { throw POSIXError(.EIO) }
            count += 1
        }
        return count
    }
}
