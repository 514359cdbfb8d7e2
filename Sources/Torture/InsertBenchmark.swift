import Foundation
import LlamaStackAPI

/// Inserts a second that are acknowledged when they are on disk, 1 KiB documents, beside one fsync for each.
package struct InsertBenchmark: Sendable {
    package struct Row: Sendable {
        package var name: String
        package var perSecond: Double
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
        var rows = [Row(name: "append 1 KiB and fdatasync", perSecond: try appendAndSync())]
        let server = try await BankServer(state: folder + "/state")
        for count in writers {
            let bank = "bench-\(count)"
            try await server.create(bank)
            rows.append(Row(name: "\(count) writers", perSecond: try await insert(server, bank, count)))
        }
        await server.stop()
        rows.append(Row(name: "append 1 KiB and fdatasync", perSecond: try appendAndSync()))
        return rows
    }

    private func insert(_ server: BankServer, _ bank: String, _ writers: Int) async throws -> Double {
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
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
        return Double(counts) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private func appendAndSync() throws -> Double {
        let path = folder + "/append"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer {
            close(file)
            unlink(path)
        }
        let block = [UInt8](repeating: 1, count: 1024)
        let start = ContinuousClock.now
        var count = 0
        while ContinuousClock.now < start + .seconds(seconds) {
            guard write(file, block, block.count) == block.count, fdatasync(file) == 0 else { throw POSIXError(.EIO) }
            count += 1
        }
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }
}
