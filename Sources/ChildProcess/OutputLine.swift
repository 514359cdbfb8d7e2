/// One line of what a child wrote, without its end. At most 8 KiB of the child's bytes: the rest of a longer line
/// follows as further lines, cut between characters. Damaged UTF-8 is repaired (U+FFFD); control characters are kept,
/// so what prints it must escape them.
package struct OutputLine: Sendable, Equatable {
    package enum Stream: String, Sendable { case standardOutput = "stdout", standardError = "stderr" }

    package var stream: Stream
    package var text: String
    /// Not the child's: this says how many lines of its were dropped.
    package var isNotice = false
}

/// Cuts bytes into lines.
struct LineCutter {
    static let bytesMax = 8 << 10
    private var held: [UInt8] = []

    /// Calls `line` with each line that `bytes` complete.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ line: (ArraySlice<UInt8>) -> Void) {
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            add(rest[..<newline], line)
            line(held.last == UInt8(ascii: "\r") ? held.dropLast() : held[...])
            held.removeAll(keepingCapacity: true)
            rest = rest[(newline + 1)...]
        }
        add(rest, line)
    }

    /// The end of the stream: what has no newline is a line too.
    mutating func end(_ line: (ArraySlice<UInt8>) -> Void) {
        if !held.isEmpty { line(held[...]) }
        held = []
    }

    private mutating func add(_ bytes: Slice<UnsafeRawBufferPointer>, _ line: (ArraySlice<UInt8>) -> Void) {
        held.append(contentsOf: bytes)
        var start = 0
        while held.count - start > Self.bytesMax {
            let end = boundary(start + Self.bytesMax)
            line(held[start..<end])
            start = end
        }
        if start > 0 { held.removeFirst(start) }
    }

    /// `end`, or up to three bytes before it, where a character begins.
    private func boundary(_ end: Int) -> Int {
        for back in 0...3 where held[end - back] & 0xC0 != 0x80 { return end - back }
        return end
    }
}

/// How much of a child's output is taken: lines up to a number a second, and bytes, which are read and dropped
/// beyond the lines, up to a number that costs the host little. Time is given, so a test needs no clock.
struct OutputBudget {
    static let linesMax = 1_000
    static let bytesMax = 32 << 20

    private var lines = 0
    private var bytes = 0
    private(set) var dropped: [OutputLine.Stream: Int] = [:]

    /// Whether this line is to be passed on; else it is counted.
    mutating func takeLine(_ stream: OutputLine.Stream) -> Bool {
        guard lines >= Self.linesMax else {
            lines += 1
            return true
        }
        dropped[stream, default: 0] += 1
        return false
    }

    /// False when reading is to wait for the next second.
    mutating func takeBytes(_ count: Int) -> Bool {
        bytes += count
        return bytes < Self.bytesMax
    }

    /// A second has passed. Answers with what is to be said of the last; `kept` are those of the dropped lines that are
    /// not lost.
    mutating func nextSecond(kept: [OutputLine] = []) -> [OutputLine] {
        defer { self = OutputBudget() }
        let notices = dropped.sorted { $0.key.rawValue < $1.key.rawValue }.compactMap { stream, count -> OutputLine? in
            let lost = count - kept.count { $0.stream == stream }
            guard lost > 0 else { return nil }
            return OutputLine(
                stream: stream,
                text:
                    "\(lost) \(lost == 1 ? "line was" : "lines were") dropped: more than \(Self.linesMax) in a second",
                isNotice: true)
        }
        return notices + kept
    }
}

/// The newest lines, as bytes: few of them are ever wanted as text.
struct LastWords {
    static let linesMax = 50
    private var held: [(bytes: [UInt8], stream: OutputLine.Stream)] = []
    private var oldest = 0

    mutating func add(_ bytes: ArraySlice<UInt8>, _ stream: OutputLine.Stream) {
        guard held.count == Self.linesMax else {
            held.append((Array(bytes), stream))
            return
        }
        held[oldest] = (Array(bytes), stream)
        oldest = (oldest + 1) % Self.linesMax
    }

    var lines: [OutputLine] {
        (held[oldest...] + held[..<oldest]).map {
            OutputLine(stream: $0.stream, text: String(decoding: $0.bytes, as: UTF8.self))
        }
    }
}
