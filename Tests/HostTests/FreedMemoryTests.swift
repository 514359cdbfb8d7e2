import CProcessGuard
import Foundation
import Testing

struct FreedMemoryTests {
    /// Anonymous memory in use, by proc(5).
    private static func usedBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) << 10
    }

    @Test("memory that was freed between blocks in use is returned to the system")
    func returned() throws {
        let (count, size) = (8192, 64 << 10)
        let blocks = (0..<count).map { _ in
            let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
            memset(block, 1, size)
            return block
        }
        // Before they are freed: providers of other tests have memory returned at any time.
        let before = try Self.usedBytes()
        // Those in use keep the C library from doing so by itself.
        for (index, block) in blocks.enumerated() where index % 64 != 0 { block.deallocate() }
        defer { for (index, block) in blocks.enumerated() where index % 64 == 0 { block.deallocate() } }
        pg_return_memory()
        #expect(try before - Self.usedBytes() > count * size / 2)
    }
}
