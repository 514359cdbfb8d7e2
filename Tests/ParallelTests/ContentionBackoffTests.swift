import Testing

@testable import Parallel

/// Times in nanoseconds, as `ContentionBackoff` takes them.
@Suite struct ContentionBackoffTests {
    private let millisecond: UInt64 = 1_000_000

    /// A loop that began at `start`, of which the caller's own part took 0.1 ms and the wait for the others `wait`.
    private func stall(_ backoff: ContentionBackoff, at start: UInt64, wait: UInt64) -> UInt64 {
        let computed = start + millisecond / 10
        backoff.note(started: start, waitedSince: computed, until: computed + wait)
        return computed + wait
    }

    @Test("a wait as long as the caller's own work is no stall")
    func even() {
        let backoff = ContentionBackoff()
        backoff.note(started: 0, waitedSince: 50 * millisecond, until: 100 * millisecond)
        #expect(!backoff.isOn(at: 100 * millisecond))
    }

    @Test("after a stall the caller is alone for a while, and then no more")
    func once() {
        let backoff = ContentionBackoff()
        let end = stall(backoff, at: 0, wait: 3 * millisecond)
        #expect(backoff.isOn(at: end))
        #expect(!backoff.isOn(at: end + 20 * millisecond))
    }

    @Test("stalls one after another make it longer, up to half a second")
    func again() {
        let backoff = ContentionBackoff()
        var time: UInt64 = 0
        for _ in 0..<12 {
            time = stall(backoff, at: time, wait: 3 * millisecond)
            while backoff.isOn(at: time) { time += millisecond }
        }
        time = stall(backoff, at: time, wait: 3 * millisecond)
        #expect(backoff.isOn(at: time + 499 * millisecond))
        #expect(!backoff.isOn(at: time + 500 * millisecond))
    }

    @Test("a stall long after the last one counts as the first")
    func forgotten() {
        let backoff = ContentionBackoff()
        var time: UInt64 = 0
        for _ in 0..<5 {
            time = stall(backoff, at: time, wait: 3 * millisecond)
            while backoff.isOn(at: time) { time += millisecond }
        }
        time = stall(backoff, at: time + 10_000 * millisecond, wait: 3 * millisecond)
        #expect(!backoff.isOn(at: time + 20 * millisecond))
    }
}
