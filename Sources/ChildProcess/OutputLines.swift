import Foundation

/// Reads what a child writes to standard output and standard error, and passes it on as lines. The child never waits
/// but for the end of a second in which it wrote more than 32 MiB.
///
/// Everything here happens on the thread of `EventLoop.output`: hence unchecked.
final class OutputLines: @unchecked Sendable {
    private static let readBytes = 64 << 10
    /// After the child's end: more than a pipe holds. A process that inherited the pipe from it may go on writing.
    private static let lastBytesMax = 1 << 20

    private final class Pipe: @unchecked Sendable {
        let descriptor: Int32
        let stream: OutputLine.Stream
        var cutter = LineCutter()
        var isOpen = true

        init(_ descriptor: Int32, _ stream: OutputLine.Stream) { (self.descriptor, self.stream) = (descriptor, stream) }
    }

    private let pipes: [Pipe]
    private let onLine: @Sendable (OutputLine) -> Void
    private var budget = OutputBudget()
    private var isSecondRunning = false
    private var buffer = [UInt8](repeating: 0, count: readBytes)
    /// The last of the lines that this second was too short for. When the child ends they are passed on nevertheless:
    /// its last words say why.
    private var lastWords = LastWords()

    /// Takes both descriptors, which must not block.
    init(output: Int32, errors: Int32, _ onLine: @escaping @Sendable (OutputLine) -> Void) {
        pipes = [Pipe(output, .standardOutput), Pipe(errors, .standardError)]
        self.onLine = onLine
    }

    func start() {
        EventLoop.output.run { self.resume($0) }
    }

    /// The child has ended: passes on what is still in the pipes, closes them, and calls `done` after the last line.
    func finish(_ done: @escaping @Sendable () -> Void) {
        EventLoop.output.run { turn in
            for pipe in self.pipes where pipe.isOpen {
                var left = Self.lastBytesMax
                while left > 0, case let count = self.read(pipe), count > 0 { left -= count }
                self.close(pipe, turn)
            }
            self.budget.nextSecond(kept: self.lastWords.lines).forEach(self.onLine)
            done()
        }
    }

    private func resume(_ turn: EventLoop.Turn) {
        for pipe in pipes where pipe.isOpen {
            turn.watch(pipe.descriptor) { turn in self.readable(pipe, turn) }
        }
    }

    private func readable(_ pipe: Pipe, _ turn: EventLoop.Turn) {
        guard pipe.isOpen else { return }
        let count = read(pipe)
        if count == 0 { close(pipe, turn) }
        guard count > 0 else { return }
        if !isSecondRunning {
            isSecondRunning = true
            turn.after(1) { self.secondPassed($0) }
        }
        if !budget.takeBytes(count) {
            for pipe in pipes where pipe.isOpen { turn.forget(pipe.descriptor) }
        }
    }

    private func secondPassed(_ turn: EventLoop.Turn) {
        isSecondRunning = false
        budget.nextSecond().forEach(onLine)
        lastWords = LastWords()
        resume(turn)
    }

    /// The count of bytes; 0 at the end, negative when there is nothing now.
    private func read(_ pipe: Pipe) -> Int {
        let count = buffer.withUnsafeMutableBytes { buffer in
            while true {
                let count = Foundation.read(pipe.descriptor, buffer.baseAddress, buffer.count)
                if count >= 0 || errno != EINTR { return count }
            }
        }
        guard count > 0 else { return count }
        buffer.withUnsafeBytes { bytes in
            pipe.cutter.feed(UnsafeRawBufferPointer(rebasing: bytes[..<count])) { self.pass($0, pipe.stream) }
        }
        return count
    }

    private func close(_ pipe: Pipe, _ turn: EventLoop.Turn) {
        pipe.cutter.end { self.pass($0, pipe.stream) }
        turn.forget(pipe.descriptor)
        _ = Foundation.close(pipe.descriptor)
        pipe.isOpen = false
    }

    private func pass(_ bytes: ArraySlice<UInt8>, _ stream: OutputLine.Stream) {
        guard budget.takeLine(stream) else {
            lastWords.add(bytes, stream)
            return
        }
        onLine(OutputLine(stream: stream, text: String(decoding: bytes, as: UTF8.self)))
    }
}
