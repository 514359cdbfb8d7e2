/// How far the writer of one answer is ahead of its reader, and how far it may be: the same for a queue in this process
/// and for both ends of a socket.
package struct WriterLead: Sendable {
    /// From here on a writer is told to pause, unless a smaller lead was agreed on.
    package static let markBytes = 256 * 1024
    /// A writer that does not pause may leave this much beyond the mark; a further write is refused. One write of any
    /// legal size is always taken.
    package static let overrunBytesMax = 1024 * 1024

    /// Written and not yet read.
    package private(set) var bytes = 0
    private let mark: Int

    /// - Parameter mark: the lead at which a writer is told to pause.
    package init(mark: Int = WriterLead.markBytes) { self.mark = mark }

    /// A write would be taken without a pause.
    package var isWritable: Bool { bytes < mark }
    /// The writer has gone on although it was told to pause: a further write breaks the rules.
    package var isOverrun: Bool { bytes > mark + Self.overrunBytesMax }

    /// Counts a write and answers what its writer is told.
    package mutating func add(_ count: Int) -> Pressure {
        guard !isOverrun else { return .refused(SinkRules.overrun) }
        self.count(count)
        return isWritable ? .more : .pause
    }

    /// Counts a write, or a further piece of one, that was taken.
    package mutating func count(_ count: Int) { bytes += count }

    /// Removes bytes that were read. False when fewer were written.
    package mutating func remove(_ count: Int) -> Bool {
        guard count <= bytes else { return false }
        bytes -= count
        return true
    }

    /// The reader has taken everything.
    package mutating func clear() { bytes = 0 }
}
