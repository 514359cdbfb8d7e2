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

    @Test("dropped pages are read from the file again, and bytes without a file stay as they are")
    func drop() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "drop-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data((0..<3 * 4096).map { UInt8(truncatingIfNeeded: $0 / 4096 + 1) }).write(to: URL(filePath: path))
        let file = try MappedFile.open(path: path)
        file.drop(100..<4096 + 100)
        file.drop(0..<file.bytes.count)
        file.drop(0..<file.bytes.count + 1)
        #expect([0, 4096, 8192].map { file.bytes[$0] } == [1, 2, 3])

        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 3 * 4096, alignment: 4096)
        memory.initializeMemory(as: UInt8.self, repeating: 7)
        let own = MappedFile(path: "memory", bytes: UnsafeRawBufferPointer(memory)) { memory.deallocate() }
        own.drop(0..<own.bytes.count)
        #expect(own.bytes.allSatisfy { $0 == 7 })
    }

    /// Of this thread.
    private static func faults() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(1), &usage)
        return usage.ru_minflt
    }
}
