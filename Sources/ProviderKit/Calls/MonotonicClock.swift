import Foundation

/// The contract's deadlines are CLOCK_MONOTONIC nanoseconds, which Swift's clocks do not let one name.
enum MonotonicClock {
    static var nanoseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec)
    }

    /// nil for 0, which means that there is none.
    static func instant(atNanoseconds deadline: Int64) -> ContinuousClock.Instant? {
        guard deadline != 0 else { return nil }
        let (left, overflow) = deadline.subtractingReportingOverflow(nanoseconds)
        return ContinuousClock.now.advanced(by: .nanoseconds(overflow ? 0 : left))
    }
}
