import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Decides when the caller of a pool should compute alone. When another process keeps a core busy, a worker is
/// preempted for milliseconds in the middle of a chunk that takes microseconds, and every loop waits for it. After such
/// a stall the workers are left asleep for a while, twice as long each time that the next trial stalls too (exponential
/// back-off).
///
/// Used by the pool's caller only.
final class ContentionBackoff: Sendable {
    private let ends = Atomic<UInt64>(0)
    private let length = Atomic<UInt64>(0)

    /// In nanoseconds. A wait longer than the caller's own work and this is a stall: no uneven shares explain it.
    private static let stall: UInt64 = 400_000
    private static let shortest: UInt64 = 20_000_000
    private static let longest: UInt64 = 500_000_000

    func isOn(at time: UInt64) -> Bool { time < ends.load(ordering: .relaxed) }

    /// Takes note of a loop that began at `start`, and whose caller waited from `waitStart` to `end` for others'
    /// chunks.
    func note(started start: UInt64, waitedSince waitStart: UInt64, until end: UInt64) {
        guard end - waitStart > (waitStart - start) + Self.stall else { return }
        let last = length.load(ordering: .relaxed)
        let isSoon = end < ends.load(ordering: .relaxed) + 2 * last
        let next = isSoon ? min(2 * last, Self.longest) : Self.shortest
        length.store(next, ordering: .relaxed)
        ends.store(end + next, ordering: .relaxed)
    }

    /// Nanoseconds of a clock that never goes back.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
