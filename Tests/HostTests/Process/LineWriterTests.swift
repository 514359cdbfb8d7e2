import Foundation
import Testing

@testable import Host

/// Lines to readers of every kind. No test here waits for a writer: it would never come back.
struct LineWriterTests {
    /// A pipe of the kernel's smallest size, so that it is full soon.
    private final class SmallPipe {
        let reading: Int32
        let writing: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (reading, writing) = (ends[0], ends[1])
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ
            _ = fcntl(writing, setPipeSize, 4096)
        }

        /// All that is there now.
        func read() -> String {
            var text: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            var asked = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            while poll(&asked, 1, 0) > 0 {
                let count = Foundation.read(reading, &buffer, buffer.count)
                guard count > 0 else { break }
                text += buffer.prefix(count)
            }
            return String(decoding: text, as: UTF8.self)
        }

        deinit {
            close(reading)
            close(writing)
        }
    }

    private func notice(_ count: Int, _ reason: String) -> String { "lost \(count): \(reason)" }

    @Test("lines that are not read are dropped whole, and their number is said before the next line")
    func dropped() throws {
        let pipe = try SmallPipe()
        let writer = LineWriter(descriptor: pipe.writing)
        for number in 0..<1000 { writer.write("line \(number)", notice: notice) }
        let first = pipe.read().split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        writer.write("after", notice: notice)
        let second = pipe.read().split(separator: "\n")
        // A line that was written in part when the pipe was full goes on at its start.
        let all = (first + second).map(String.init)
        let kept = all.filter { $0.hasPrefix("line ") }
        #expect(kept == (0..<kept.count).map { "line \($0)" })
        #expect(kept.count > 100 && kept.count < 1000)
        #expect(all.suffix(2) == ["lost \(1000 - kept.count): its reader did not read it", "after"])
    }

    @Test("a long line that fits in part is not torn")
    func partial() throws {
        let pipe = try SmallPipe()
        let writer = LineWriter(descriptor: pipe.writing)
        let long = String(repeating: "x", count: 10000)
        writer.write(long, notice: notice)
        writer.write("lost", notice: notice)
        var text = pipe.read()
        for _ in 0..<10 {
            writer.flush()
            text += pipe.read()
        }
        #expect(text == "\(long)\nlost 1: its reader did not read it\n")
    }

    @Test("what was lost is said without another line, when the reader is back")
    func byItself() throws {
        let pipe = try SmallPipe()
        let writer = LineWriter(descriptor: pipe.writing)
        for number in 0..<1000 { writer.write("line \(number)", notice: notice) }
        var text = pipe.read()
        for _ in 0..<600 where !text.contains("lost ") {
            usleep(50_000)
            text += pipe.read()
        }
        #expect(text.contains(/lost \d+: its reader did not read it\n$/))
    }

    @Test("a full disk and a closed descriptor cost lines and nothing else")
    func unwritable() throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        #expect(LineWriter.writeOnce("x", to: full) == "No space left on device")
        LineWriter(descriptor: full).write("x", notice: notice)
        #expect(LineWriter.writeOnce("x", to: 9999) == "Bad file descriptor")
        LineWriter(descriptor: 9999).write("x", notice: notice)
    }

    @Test("the pipe that others share keeps its flags", arguments: ["pipe", "socket"])
    func flags(_ kind: String) throws {
        var ends: [Int32] = [0, 0]
        if kind == "pipe" {
            try #require(pipe(&ends) == 0)
        } else {
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        }
        defer { for end in ends { close(end) } }
        let writer = LineWriter(descriptor: ends[1])
        for number in 0..<100_000 { writer.write("line \(number)", notice: notice) }
        #expect(fcntl(ends[1], F_GETFL) & O_NONBLOCK == 0)
    }
}
