import Foundation
import Synchronization

/// When the server may be tried again: after each failure later, up to a second. Shared by all connections of a pool.
final class Backoff: Sendable {
    private static let secondsMin = 0.03
    private static let secondsMax = 1.0

    private let state = Mutex<(seconds: Double, until: ContinuousClock.Instant, error: PostgresError?)>((0, .now, nil))

    func succeeded() { state.withLock { $0 = (0, .now, nil) } }

    func failed(_ error: PostgresError) {
        state.withLock { state in
            let now = ContinuousClock.now
            // When several connections fail at the same time, one counts.
            guard state.until <= now else { return }
            state.seconds = min(Self.secondsMax, max(Self.secondsMin, 2 * state.seconds))
            state.until = now + .seconds(state.seconds * Double.random(in: 0.75...1))
            state.error = error
        }
    }

    /// Blocks until it is worth a try; throws the last failure when that will be after the deadline.
    func wait(until deadline: ContinuousClock.Instant) throws {
        let (until, error) = state.withLock { ($0.until, $0.error) }
        guard deadline > max(until, .now) else {
            throw error ?? PostgresError(.connection, "the server did not take the connection in time")
        }
        let seconds = (until - .now) / .seconds(1)
        if seconds > 0 { usleep(UInt32(seconds * 1_000_000)) }
    }
}
