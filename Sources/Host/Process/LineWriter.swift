import CProcessGuard
import Dispatch
import Foundation
import Synchronization

/// Lines to a descriptor whose reader may be slow, stopped or gone. Nothing here waits for it: a line that can't be
/// written now is dropped and counted, and how many there were is said as soon as something can be written again.
package final class LineWriter: Sendable {
    /// Says, in the format of the other lines, how many were lost and why.
    package typealias LossNotice = @Sendable (_ count: Int, _ reason: String) -> String

    package static let standardError = LineWriter(descriptor: STDERR_FILENO)

    private static let firstRetrySeconds = 1.0
    private static let retrySecondsMax = 60.0

    private struct State {
        /// The end of a line that was taken in part. It goes before everything else.
        var rest: ArraySlice<UInt8> = []
        var lost = 0
        var reason: Int32 = 0
        var notice: LossNotice?
        var isRetrying = false
        var retrySeconds = firstRetrySeconds
    }

    private let output: pg_output
    private let state = Mutex(State())

    package init(descriptor: Int32) { output = pg_output_to(descriptor) }

    /// Any thread. `notice` is kept for when this line is lost.
    package func write(_ line: String, notice: @escaping LossNotice) {
        state.withLock { state in
            if catchUp(&state), put(line, &state) { return }
            state.lost += 1
            state.notice = notice
            retryLater(&state)
        }
    }

    /// Once more what could not be written yet.
    package func flush() { state.withLock { _ = catchUp(&$0) } }

    /// One line by itself, whole or in part.
    /// - Returns: why it was not written whole, or nil.
    package static func writeOnce(_ line: String, to descriptor: Int32) -> String? {
        let bytes = Array((line + "\n").utf8)
        var error: Int32 = 0
        let count = pg_output_write(pg_output_to(descriptor), bytes, bytes.count, &error)
        return count == bytes.count ? nil : reason(error)
    }

    // MARK: what is behind

    /// Whether there is nothing left to say before the next line.
    private func catchUp(_ state: inout State) -> Bool {
        if !state.rest.isEmpty {
            let rest = state.rest
            state.rest = []
            guard put(rest, &state) else {
                state.rest = rest
                return false
            }
        }
        if state.rest.isEmpty, state.lost > 0, let notice = state.notice,
            put(notice(state.lost, Self.reason(state.reason)), &state)
        {
            state.lost = 0
        }
        return state.rest.isEmpty && state.lost == 0
    }

    private func put(_ line: String, _ state: inout State) -> Bool { put(Array((line + "\n").utf8)[...], &state) }

    /// False: nothing of it was taken. Of what is taken in part the rest is kept.
    private func put(_ bytes: ArraySlice<UInt8>, _ state: inout State) -> Bool {
        var error: Int32 = 0
        let count = bytes.withUnsafeBytes { pg_output_write(output, $0.baseAddress, $0.count, &error) }
        guard count < bytes.count else { return true }
        state.reason = error
        guard count > 0 else { return false }
        state.rest = bytes.dropFirst(count)
        retryLater(&state)
        return true
    }

    private func retryLater(_ state: inout State) {
        guard !state.isRetrying else { return }
        state.isRetrying = true
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + state.retrySeconds) { [weak self] in
            self?.state.withLock { self?.retry(&$0) }
        }
    }

    private func retry(_ state: inout State) {
        state.isRetrying = false
        let isThrough = catchUp(&state)
        state.retrySeconds =
            isThrough ? Self.firstRetrySeconds : min(Self.retrySecondsMax, state.retrySeconds * 2)
        if !isThrough { retryLater(&state) }
    }

    private static func reason(_ error: Int32) -> String {
        error == EAGAIN ? "its reader did not read it" : String(cString: strerror(error))
    }
}
