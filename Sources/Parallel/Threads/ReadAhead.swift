import CKernels
import Synchronization

/// Memory that threads read soon, one stretch or two. Written by one thread while others read it: a mixture of an old
/// and a new hint asks for lines that are not needed, which only costs a little time.
final class ReadAhead: Sendable {
    private let firstBase = Atomic<UInt>(0)
    private let firstBytes = Atomic<Int>(0)
    private let secondBase = Atomic<UInt>(0)
    private let secondBytes = Atomic<Int>(0)

    /// Bytes that a thread asks for ahead in one stretch; its share of both stays well below a second-level cache.
    private static let bytesMax = 128 << 10
    private static let line: UInt = 64

    func set(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) {
        firstBase.store(UInt(bitPattern: first.baseAddress), ordering: .relaxed)
        firstBytes.store(first.count, ordering: .relaxed)
        secondBase.store(UInt(bitPattern: second.baseAddress), ordering: .relaxed)
        secondBytes.store(second.count, ordering: .relaxed)
    }

    func share(of worker: Int, threads: Int) -> Share {
        func stretch(_ base: borrowing Atomic<UInt>, _ bytes: borrowing Atomic<Int>) -> Range<UInt> {
            let (start, count) = (base.load(ordering: .relaxed), bytes.load(ordering: .relaxed))
            let lower = start &+ UInt(bitPattern: count * worker / threads)
            return lower..<max(lower, lower &+ UInt(min(Self.bytesMax, count / threads)))
        }
        return Share(lines: stretch(firstBase, firstBytes), more: stretch(secondBase, secondBytes))
    }

    /// The lines that are still to be fetched.
    struct Share {
        private var lines: Range<UInt>
        private var more: Range<UInt>

        init(lines: Range<UInt>, more: Range<UInt>) {
            self.lines = lines
            self.more = more
        }

        var isEmpty: Bool { lines.isEmpty && more.isEmpty }

        /// Asks for the next line, from both stretches in turn.
        mutating func fetchLine() {
            if lines.isEmpty { swap(&lines, &more) }
            guard let address = lines.first else { return }
            lk_prefetch(UnsafeRawPointer(bitPattern: address))
            lines = address + min(ReadAhead.line, lines.upperBound - address)..<lines.upperBound
            if !more.isEmpty { swap(&lines, &more) }
        }
    }
}
