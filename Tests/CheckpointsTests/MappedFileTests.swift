import Foundation
import Testing

@testable import Checkpoints

@Suite struct MappedFileTests {
    @Test("after populate, reading costs no page faults")
    func populate() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "populate-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let pages = 4096
        try Data(repeating: 1, count: pages * 4096).write(to: URL(filePath: path))
        let file = try MappedFile.open(path: path)
        file.populate(0..<file.bytes.count)
        let before = Self.faults()
        var sum = 0
        for page in 0..<pages { sum += Int(file.bytes[page * 4096]) }
        let after = Self.faults()
        #expect(sum == pages)
        // Untouched, the system's read-ahead of 16 pages would leave 256.
        #expect(after - before < 32)
    }

    /// Of this thread.
    private static func faults() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(1), &usage)
        return usage.ru_minflt
    }
}
